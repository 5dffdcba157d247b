// The matrix and its filters.

function wasRun(model, area) {
  return model.rows.some((row) => row.area === area &&
    [...row.cells.values()].some((cell) => cell.verdict !== "skipped"));
}

function labelOf(cell) {
  const label = verdictOf(cell.verdict).label;
  return cell.differs ? `${label}; its own policy, which differs from the specification` : label;
}

class Matrix {
  // `onOpen(row, column)` is called for the cell that the reader chose.
  constructor(model, onOpen) {
    this.model = model;
    this.onOpen = onOpen;
    // Where nobody ran anything there is nothing to see at first.
    this.folded = new Set(model.areas.filter((area) => !wasRun(model, area)));
    this.shownRows = model.rows;
    this.bodies = new Map();  // by area
    this.buttons = new Map();  // by row name and column
    this.build();
  }

  build() {
    const {model} = this;
    this.table = html("table", {class: "matrix", role: "grid", "aria-label": "Cases"},
                      this.buildHead());
    for (const area of model.areas) {
      const rows = model.rows.filter((row) => row.area === area);
      const body = html("tbody", {"data-area": area}, this.buildAreaRow(area, rows));
      for (const row of rows) {
        row.element = this.buildRow(row);
        body.append(row.element);
      }
      this.bodies.set(area, body);
      this.table.append(body);
    }
    this.table.addEventListener("keydown", (event) => this.onKey(event));
    byId("matrix").replaceChildren(this.table);
  }

  buildHead() {
    const {model} = this;
    const implementations = model.reports.map((report, index) => {
      const span = model.columns.filter((column) => column.index === index).length;
      return html("th", {scope: "colgroup", colspan: span, class: "implementation"},
                  report.implementation.name,
                  html("span", {class: "muted"}, ` ${report.implementation.version}`));
    });
    const policies = model.columns.map((column) =>
      html("th", {scope: "col", class: this.edge(column)}, column.policy || "all policies"));
    return html("thead", null,
      html("tr", null, html("th", {class: "corner", rowspan: 2, scope: "col"}, "case"),
           implementations),
      html("tr", null, policies));
  }

  // The first column of an implementation has a border.
  edge(column) {
    const at = this.model.columns.indexOf(column);
    const before = this.model.columns[at - 1];
    return at === 0 || before.index !== column.index ? "edge" : null;
  }

  buildAreaRow(area, rows) {
    const button = html("button", {type: "button", class: "area-name", "aria-expanded": "true",
                                   onclick: () => this.fold(area, !this.folded.has(area))},
                        area, html("span", {class: "muted"}, ` ${rows.length}`));
    const cells = this.model.columns.map((column, at) => {
      const verdicts = rows.filter((row) => row.cells.has(at)).map((row) => row.cells.get(at).verdict);
      const passed = verdicts.filter((verdict) => verdict === "pass").length;
      const run = verdicts.filter((verdict) => verdict !== "skipped").length;
      const text = run === 0 ? "–" : `${passed}/${run}`;
      return html("td", {class: `area-count ${passed < run ? "some-bad" : ""} ${this.edge(column) || ""}`},
                  text);
    });
    return html("tr", {class: "area"}, html("th", {scope: "rowgroup"}, button), cells);
  }

  buildRow(row) {
    const cells = this.model.columns.map((column, at) => {
      const cell = row.cells.get(at);
      if (!cell) {
        return html("td", {class: this.edge(column), title: "not for this policy"},
                    html("span", {class: "not-for"}, "·"));
      }
      const verdict = verdictOf(cell.verdict);
      const button = html("button", {
        type: "button", class: `cell v-${cell.verdict}`, tabindex: "-1",
        "aria-label": `${row.id}, ${columnName(column)}: ${labelOf(cell)}`,
        title: labelOf(cell), onclick: () => this.onOpen(row, at),
      }, verdict.mark, cell.differs ? html("sup", null, "≠") : null);
      this.buttons.set(`${row.name}\n${at}`, button);
      return html("td", {class: this.edge(column)}, button);
    });
    return html("tr", {class: "case"},
      html("th", {scope: "row"}, html("span", {class: "case-id"}, row.id),
           html("span", {class: "case-title"}, row.title)),
      cells);
  }

  fold(area, folded) {
    if (folded) this.folded.add(area);
    else this.folded.delete(area);
    this.refresh();
  }

  foldAll(folded) {
    this.folded = new Set(folded ? this.model.areas : []);
    this.refresh();
  }

  show(rows) {
    this.shownRows = rows;
    this.refresh();
  }

  refresh() {
    const shown = new Set(this.shownRows);
    for (const [area, body] of this.bodies) {
      const rows = this.model.rows.filter((row) => row.area === area);
      const folded = this.folded.has(area);
      for (const row of rows) row.element.hidden = folded || !shown.has(row);
      body.hidden = !rows.some((row) => shown.has(row));
      body.querySelector(".area-name").setAttribute("aria-expanded", String(!folded));
    }
    this.keepOneStop();
  }

  // One cell of the table can be reached by Tab: the one that had the focus, else the first.
  keepOneStop(chosen) {
    const visible = (button) => !button.closest("tr").hidden && !button.closest("tbody").hidden;
    const stop = [chosen, this.stop].find((button) => button && visible(button)) ||
      [...this.buttons.values()].find(visible);
    if (this.stop) this.stop.tabIndex = -1;
    this.stop = stop;
    if (stop) stop.tabIndex = 0;
  }

  focus(row, at) {
    const button = this.buttons.get(`${row.name}\n${at}`);
    if (!button) return;
    this.keepOneStop(button);
    button.focus();
  }

  visibleRows() {
    return this.shownRows.filter((row) => !this.folded.has(row.area));
  }

  // The next row up or down that has a cell in this column.
  neighbour(row, at, step) {
    const rows = this.visibleRows().filter((other) => other.cells.has(at));
    return rows[rows.indexOf(row) + step] || null;
  }

  onKey(event) {
    const button = event.target.closest("button.cell");
    if (!button) return;
    const [name, column] = [...this.buttons].find(([, other]) => other === button)[0].split("\n");
    const row = this.model.rows.find((other) => other.name === name);
    const at = Number(column);
    const columns = [...row.cells.keys()].sort((a, b) => a - b);
    const rows = this.visibleRows().filter((other) => other.cells.has(at));
    const here = columns.indexOf(at);
    const goal = {
      ArrowLeft: [row, columns[here - 1]], ArrowRight: [row, columns[here + 1]],
      Home: [row, columns[0]], End: [row, columns[columns.length - 1]],
      ArrowUp: [this.neighbour(row, at, -1), at], ArrowDown: [this.neighbour(row, at, 1), at],
      PageUp: [rows[Math.max(0, rows.indexOf(row) - 10)], at],
      PageDown: [rows[Math.min(rows.length - 1, rows.indexOf(row) + 10)], at],
    }[event.key];
    if (!goal) return;
    event.preventDefault();
    if (goal[0] && goal[1] !== undefined) this.focus(goal[0], goal[1]);
  }
}
