// What stands behind one cell: every way in which the case was run under one policy.

const kWays = {
  vector: "as a vector of the core", decide: "decided on virtual time", sockets: "over sockets",
};

function verdictChip(name) {
  const verdict = verdictOf(name);
  return html("span", {class: `chip v-${name}`},
              html("span", {"aria-hidden": "true"}, verdict.mark), ` ${verdict.label}`);
}

// The keys of one walk; where it leaves the other's path, the keys are marked.
function walkChips(attempts, other, differs) {
  if (attempts.length === 0) return html("span", {class: "muted"}, "(no attempt)");
  return html("span", {class: "walk-chips"}, attempts.map((key, at) => [
    at > 0 ? html("span", {class: "arrow", "aria-hidden": "true"}, "→") : null,
    html("span", {class: `key${differs && key !== other[at] ? " key-differs" : ""}`}, key),
  ]));
}

function attemptsTable(requests, attempts) {
  if (!requests || requests.length === 0) return null;
  const rows = requests.map((request) => {
    const {expected} = request;
    const actual = {attempts: attemptsOf(attempts, request), outcome: request.outcome};
    const when = request.at_ms ? ` at ${formatTime(request.at_ms)}` : "";
    const differs = expected.attempts.join("\n") !== actual.attempts.join("\n");
    return html("tr", {class: differs ? "differs" : null},
      html("th", {scope: "row"}, request.id, when),
      html("td", {"data-label": "expected"}, walkChips(expected.attempts, actual.attempts, false),
           html("div", {class: "outcome"}, expected.outcome)),
      html("td", {"data-label": "actual"}, walkChips(actual.attempts, expected.attempts, differs),
           html("div", {class: "outcome"}, actual.outcome || "(no outcome)")));
  });
  return sideBySide("Attempts", "request", rows);
}

function sideBySide(caption, what, rows) {
  return html("table", {class: "sides"},
    html("caption", null, caption),
    html("thead", null, html("tr", null, html("th", {scope: "col"}, what),
      html("th", {scope: "col"}, "expected"), html("th", {scope: "col"}, "actual"))),
    html("tbody", null, rows));
}

function mismatchTable(mismatches) {
  if (mismatches.length === 0) return null;
  return sideBySide("What differs", "where", mismatches.map((mismatch) =>
    html("tr", {class: "differs"}, html("th", {scope: "row"}, mismatch.where),
      html("td", {"data-label": "expected"}, html("code", null, mismatch.expected)),
      html("td", {"data-label": "actual"}, html("code", null, mismatch.actual)))));
}

function copyableCommand(command) {
  const button = html("button", {type: "button", class: "copy", onclick: () => {
    navigator.clipboard.writeText(command).then(
      () => { button.textContent = "copied"; },
      () => { window.getSelection().selectAllChildren(code); });
  }}, "copy");
  const code = html("code", null, command.split(/( )/).map((word) =>
    word.startsWith("--") ? html("span", {class: "whole"}, word) : word));
  // Files opened from a disk may have no clipboard; the text can still be selected.
  return html("div", {class: "command"}, code, navigator.clipboard ? button : null);
}

function pictureOf(result) {
  const traced = result.timeline && result.timeline.length > 0;
  const events = traced ? result.timeline : eventsOfRequests(result.requests, result.attempts);
  const picture = drawTimeline(events, `timeline of ${result.id}`);
  if (!picture) return null;
  const note = traced ? "real time since the case began"
    : "in order; what is decided on virtual time has no clock to show";
  return html("figure", null,
    html("figcaption", null, "Timeline ", html("span", {class: "muted"}, `(${note})`)),
    html("div", {class: "scroller", tabindex: "0", role: "group", "aria-label": "timeline"},
         picture));
}

function resultSection(result) {
  const facts = [];
  if (result.reason) facts.push(html("p", {class: "reason"}, result.reason));
  if (result.reason_url) facts.push(html("p", null, "see ", webLink(result.reason_url, result.reason_url)));
  if (result.behaves_like) facts.push(html("p", null, "Behaves like ",
    html("strong", null, result.behaves_like.name), ": ", result.behaves_like.title));
  if (result.repeats) facts.push(html("p", {class: "muted"}, "Repeated: ",
    Object.entries(result.repeats).map(([name, count]) => `${count} ${name}`).join(", ")));
  for (const difference of result.differs || []) {
    facts.push(html("p", null, "Its own policy ", difference));
  }
  for (const note of result.notes || []) facts.push(html("p", {class: "muted"}, note));
  return html("section", {class: "result"},
    html("h3", null, verdictChip(result.verdict), ` ${kWays[result.way] || result.way}`,
         html("span", {class: "muted"}, ` ${formatTime(result.duration_ms)}`)),
    facts, attemptsTable(result.requests, result.attempts), mismatchTable(result.mismatches), pictureOf(result),
    result.repeat ? html("p", {class: "label"}, "Repeat it") : null,
    result.repeat ? copyableCommand(result.repeat) : null);
}

function clauseList(model, row) {
  return html("dl", {class: "clause-list"}, row.clauses.map((id) => [
    html("dt", null, id), html("dd", null, model.clauses.get(id) || "")]));
}

function showDetail(model, row, cell, onMove) {
  const dialog = byId("detail");
  const first = cell.results[0];
  dialog.replaceChildren(
    html("div", {class: "detail-head"},
      html("div", null,
        html("h2", {id: "detail-title"}, row.title),
        html("p", {class: "muted"}, `${row.name} · ${first.level} · ${columnName(cell.column)}`)),
      html("div", {class: "detail-buttons"},
        html("button", {type: "button", id: "detail-previous", onclick: () => onMove(-1),
                        "aria-label": "previous case"}, "↑"),
        html("button", {type: "button", id: "detail-next", onclick: () => onMove(1),
                        "aria-label": "next case"}, "↓"),
        html("button", {type: "button", id: "detail-close", onclick: () => dialog.close(),
                        "aria-label": "close"}, "✕"))),
    clauseList(model, row),
    row.provenance ? html("p", {class: "issue"}, "Seen in ", issueLink(row.provenance),
      first.provenance_note ? `: ${first.provenance_note}` : "") : "",
    ...[...cell.results].sort((a, b) => kRank.get(b.verdict) - kRank.get(a.verdict))
      .map(resultSection),
    html("p", {class: "muted"}, `fixture ${first.file}${first.pointer}`));
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
}
