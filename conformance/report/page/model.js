// The reports as a matrix: a row a case, a column an implementation with a policy.

// From good to bad: a cell of several results shows the last of theirs.
const kVerdicts = [
  {name: "skipped", mark: "–", label: "skipped"},
  {name: "pass", mark: "✓", label: "pass"},
  {name: "known-failing", mark: "≈", label: "known failing"},
  {name: "flaky", mark: "∿", label: "flaky"},
  {name: "inconclusive", mark: "?", label: "inconclusive"},
  {name: "unexpected-pass", mark: "!", label: "unexpected pass"},
  {name: "fail", mark: "✗", label: "fail"},
  {name: "error", mark: "⚡", label: "error"},
];
const kRank = new Map(kVerdicts.map((verdict, rank) => [verdict.name, rank]));

function verdictOf(name) {
  return kVerdicts[kRank.get(name)];
}

function readModel(reports) {
  const model = {reports, columns: [], rows: [], areas: [], clauses: new Map()};
  reports.forEach((report, index) => {
    const policies = report.policies.length > 0 ? report.policies : [""];
    for (const policy of policies) model.columns.push({report, index, policy});
    for (const clause of report.clauses) {
      if (!model.clauses.has(clause.id)) model.clauses.set(clause.id, clause.text || "");
    }
  });
  const rows = new Map();
  reports.forEach((report, index) => {
    for (const result of report.results) addResult(model, rows, index, result);
  });
  model.areas = [...new Set(model.rows.map((row) => row.area))];
  for (const row of model.rows) {
    row.text = [row.id, row.area, row.title, row.provenance, ...row.clauses]
      .join("\n").toLowerCase();
  }
  return model;
}

function addResult(model, rows, index, result) {
  const name = `${result.area}/${result.id}`;
  let row = rows.get(name);
  if (!row) {
    row = {
      name, id: result.id, area: result.area, title: result.title, clauses: result.clauses,
      provenance: result.provenance || "", cells: new Map(),
    };
    rows.set(name, row);
    model.rows.push(row);
  }
  model.columns.forEach((column, at) => {
    // What is no policy's own stands in all columns of its implementation.
    if (column.index !== index) return;
    if (result.policy !== "" && result.policy !== column.policy) return;
    if (!row.cells.has(at)) row.cells.set(at, {column, results: [], verdict: "skipped"});
    const cell = row.cells.get(at);
    cell.results.push(result);
    // Held to a policy of its own, where that is not what the specification says.
    if (result.differs && result.differs.length > 0) cell.differs = true;
    if (kRank.get(result.verdict) > kRank.get(cell.verdict)) cell.verdict = result.verdict;
  });
}

function columnName(column) {
  const implementation = column.report.implementation.name;
  return column.policy === "" ? implementation : `${implementation}, policy ${column.policy}`;
}

// True if the cells of a row do not all say the same.
function columnsDiffer(row) {
  return new Set([...row.cells.values()].map((cell) => cell.verdict)).size > 1;
}

function countVerdicts(results) {
  const counts = new Map();
  for (const result of results) {
    counts.set(result.verdict, (counts.get(result.verdict) || 0) + 1);
  }
  return counts;
}
