// Puts the page together, and keeps the filters in the address so that a view can be shared.

const model = readModel(JSON.parse(byId("data").textContent));
const filters = {text: "", clause: "", area: "", verdicts: new Set(), differ: false};
let open = null;  // the row and column of the detail
const matrix = new Matrix(model, openCell);

function passesFilters(row) {
  if (filters.clause && !row.clauses.includes(filters.clause)) return false;
  if (filters.area && row.area !== filters.area) return false;
  if (filters.differ && !columnsDiffer(row)) return false;
  if (filters.verdicts.size > 0 &&
      ![...row.cells.values()].some((cell) => filters.verdicts.has(cell.verdict))) {
    return false;
  }
  return filters.text.toLowerCase().split(/\s+/).every((word) => row.text.includes(word));
}

function applyFilters() {
  const rows = model.rows.filter(passesFilters);
  matrix.show(rows);
  byId("shown").textContent = `${rows.length} of ${model.rows.length} cases`;
  const text = byId("clause-text");
  text.hidden = filters.clause === "";
  text.textContent = filters.clause ? `${filters.clause}: ${model.clauses.get(filters.clause)}` : "";
  writeAddress();
}

function writeAddress() {
  const parts = new URLSearchParams();
  for (const name of ["text", "clause", "area"]) {
    if (filters[name]) parts.set(name, filters[name]);
  }
  if (filters.verdicts.size > 0) parts.set("verdict", [...filters.verdicts].join(","));
  if (filters.differ) parts.set("differ", "1");
  if (open) {
    parts.set("case", open.row.name);
    parts.set("column", String(open.at));
  }
  const text = parts.toString();
  history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
}

function readAddress() {
  const parts = new URLSearchParams(location.hash.slice(1));
  for (const name of ["text", "clause", "area"]) filters[name] = parts.get(name) || "";
  const verdicts = (parts.get("verdict") || "").split(",");
  filters.verdicts = new Set(verdicts.filter((verdict) => kRank.has(verdict)));
  filters.differ = parts.get("differ") === "1";
  if (!model.clauses.has(filters.clause)) filters.clause = "";
  if (!model.areas.includes(filters.area)) filters.area = "";
  byId("filter-text").value = filters.text;
  byId("filter-clause").value = filters.clause;
  byId("filter-area").value = filters.area;
  byId("filter-differ").checked = filters.differ;
  for (const box of byId("filter-verdicts").querySelectorAll("input")) {
    box.checked = filters.verdicts.has(box.value);
  }
  const row = model.rows.find((other) => other.name === parts.get("case"));
  const at = Number(parts.get("column"));
  return row && row.cells.has(at) ? {row, at} : null;
}

function openCell(row, at) {
  open = {row, at};
  showDetail(model, row, row.cells.get(at), (step) => {
    const next = matrix.neighbour(open.row, open.at, step);
    if (next) openCell(next, open.at);
  });
  for (const [id, step] of [["detail-previous", -1], ["detail-next", 1]]) {
    byId(id).disabled = matrix.neighbour(row, at, step) === null;
  }
  writeAddress();
}

function buildFilters() {
  const clauseIds = [...model.clauses.keys()].filter((id) =>
    model.rows.some((row) => row.clauses.includes(id)));
  byId("filter-clause").append(html("option", {value: ""}, "all"),
    ...clauseIds.map((id) => html("option", {value: id}, id)));
  byId("filter-area").append(html("option", {value: ""}, "all"),
    ...model.areas.map((area) => html("option", {value: area}, area)));
  const counts = new Map();
  for (const row of model.rows) {
    for (const cell of row.cells.values()) {
      counts.set(cell.verdict, (counts.get(cell.verdict) || 0) + 1);
    }
  }
  for (const {name, mark, label} of kVerdicts) {
    if (!counts.has(name)) continue;
    byId("filter-verdicts").append(html("label", {class: `toggle v-${name}`},
      html("input", {type: "checkbox", value: name}),
      html("span", {"aria-hidden": "true"}, mark), ` ${label} `,
      html("span", {class: "count"}, String(counts.get(name)))));
  }
  byId("filter-differ-label").hidden = model.columns.length < 2;
}

function listenToFilters() {
  const form = byId("filters");
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    filters.text = byId("filter-text").value.trim();
    filters.clause = byId("filter-clause").value;
    filters.area = byId("filter-area").value;
    filters.differ = byId("filter-differ").checked;
    const boxes = [...byId("filter-verdicts").querySelectorAll("input:checked")];
    filters.verdicts = new Set(boxes.map((box) => box.value));
    applyFilters();
  });
  byId("fold").addEventListener("click", (event) => {
    const fold = event.target.textContent === "Collapse all";
    matrix.foldAll(fold);
    event.target.textContent = fold ? "Expand all" : "Collapse all";
  });
  byId("detail").addEventListener("close", () => {
    const {row, at} = open;
    open = null;
    writeAddress();
    matrix.focus(row, at);
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea, dialog");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    byId("filter-text").focus();
  });
  window.addEventListener("hashchange", () => {
    const cell = readAddress();
    applyFilters();
    if (cell) openCell(cell.row, cell.at);
  });
}

function summaryCard(report) {
  const {implementation} = report;
  const counts = countVerdicts(report.results);
  const applicable = report.clauses.filter((clause) =>
    clause.status !== "structural" && clause.status !== "not declared");
  const proven = applicable.filter((clause) => clause.status === "proven").length;
  const bar = kVerdicts.filter((verdict) => counts.has(verdict.name)).map((verdict) => {
    const part = svg("rect", {class: `bar v-${verdict.name}`, height: 8});
    part.dataset.count = String(counts.get(verdict.name));
    return part;
  });
  let x = 0;
  for (const part of bar) {
    const width = (Number(part.dataset.count) / report.results.length) * 300;
    part.setAttribute("x", String(x));
    part.setAttribute("width", String(width));
    x += width;
  }
  return html("article", {class: "card"},
    html("h2", null, implementation.name, " ",
         html("span", {class: "muted"}, implementation.version)),
    html("p", {class: "big"}, `${proven} of ${applicable.length} `,
         html("span", {class: "muted"}, "clauses proven")),
    svg("svg", {class: "bars", viewBox: "0 0 300 8", preserveAspectRatio: "none", role: "img",
                "aria-label": "verdicts"}, bar),
    html("p", {class: "counts"}, kVerdicts.filter((verdict) => counts.has(verdict.name)).reverse()
      .map((verdict) => html("span", {class: `count-of t-${verdict.name}`},
                             `${counts.get(verdict.name)} ${verdict.label}`))),
    html("p", {class: "muted"},
         implementation.language ? `${implementation.language} · ` : "",
         `policies ${report.policies.join(", ")} · `,
         html("span", {class: "whole"}, report.started_at.slice(0, 10)),
         ` · ${formatTime(report.duration_ms)}`),
    copyableCommand(report.command));
}

function clauseTable() {
  const head = html("tr", null, html("th", {scope: "col"}, "clause"),
    model.reports.map((report) => html("th", {scope: "col"}, report.implementation.name)),
    html("th", {scope: "col"}, "text"));
  const rows = [...model.clauses].map(([id, text]) => html("tr", null,
    html("th", {scope: "row"}, html("button", {type: "button", class: "link", onclick: () => {
      byId("filter-clause").value = id;
      byId("filters").dispatchEvent(new Event("input"));
      byId("filters").scrollIntoView();
    }}, id)),
    model.reports.map((report) => {
      const clause = report.clauses.find((other) => other.id === id);
      const status = clause ? clause.status : "not shown";
      return html("td", {class: `status s-${status.replace(" ", "-")}`}, status);
    }),
    html("td", {class: "clause-words"}, text)));
  return html("table", {class: "clause-table"}, html("thead", null, head),
              html("tbody", null, rows));
}

function start() {
  byId("subtitle").textContent = `${model.rows.length} cases and vectors, ${model.clauses.size} ` +
    `clauses; ${model.reports.length === 1 ? "one implementation" :
      `${model.reports.length} implementations`}`;
  byId("summary").append(...model.reports.map(summaryCard));
  byId("clause-table").append(clauseTable());
  buildFilters();
  listenToFilters();
  const cell = readAddress();
  applyFilters();
  if (cell) openCell(cell.row, cell.at);
}

start();
