// Puts the page together; what is shown is kept in the address, so that a view can be shared.

const report = readReport(JSON.parse(byId("data").textContent));
const view = new TimeView(report.world.duration_ms, leastRange());
const cursor = new Cursor();
const kMostLanes = 300;
const panels = report.policies.map((policy) =>
  new Panel(policy, report.keys.slice(0, kMostLanes), view, cursor));
let seed = report.seeds[0];
let drawing = false;

// Four parts of the finest timeline.
function leastRange() {
  const parts = report.policies.flatMap((policy) =>
    [...policy.timelines.values()].map((timeline) => timeline.partMs));
  return parts.length === 0 ? report.world.duration_ms : 4 * Math.min(...parts);
}

function coloursOf() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  const colours = {kinds: kOutcomeKinds.map((kind) => colour(`kind-${kind.name}`))};
  for (const name of ["ink", "muted", "line", "card", "success", "valid", "cooling", "permanent",
                      "refused"]) {
    colours[name] = colour(name);
  }
  return colours;
}

// Once before the next frame, however many reasons there are.
function drawSoon() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    drawAll();
  });
}

function drawAll() {
  const shown = panels.filter((panel) => panel.timeline && !panel.element.hidden);
  const peaks = shown.map((panel) => panel.peaks());
  const scales = {
    traffic: roundUp(Math.max(0, ...peaks.map((peak) => peak.traffic))),
    errors: roundUp(Math.max(0, ...peaks.map((peak) => peak.errors))),
  };
  const colours = coloursOf();
  for (const panel of shown) panel.draw(scales, colours);
  const span = view.to - view.from;
  byId("range").textContent = view.isAll() ? `all ${spanText(view.length)}`
    : `${spanText(span)} from ${momentText(view.from, span / 100)}`;
  byId("zoom-reset").disabled = byId("zoom-out").disabled = view.isAll();
}

function showSeed(chosen) {
  seed = chosen;
  const boxes = [...byId("shown").querySelectorAll("input")];
  panels.forEach((panel, i) => {
    panel.show(boxes[i].checked ? panel.policy.timelines.get(seed) : null);
  });
  drawSoon();
}

function showReading() {
  const tooltip = byId("tooltip");
  const panel = panels.find((other) => other.canvas === cursor.panel);
  drawSoon();
  const y = cursor.place ? cursor.place.clientY - panel.canvas.getBoundingClientRect().top : -1;
  const reading = cursor.ms === null || !panel ? null
    : panel.readingAt(cursor.ms, panel.keyAt(y));
  tooltip.hidden = !(reading && cursor.place);
  // By keyboard it is read in words, below the charts.
  byId("reading").textContent = reading && !cursor.place
    ? `${panel.policy.name}, ${reading.title}: ` +
      reading.lines.map(([name, value]) => `${name} ${value}`).join("; ")
    : "";
  if (tooltip.hidden) return;
  tooltip.replaceChildren(html("strong", null, reading.title),
    html("dl", null, reading.lines.map(([name, value]) =>
      [html("dt", null, name), html("dd", null, value)])));
  const {clientX, clientY} = cursor.place;
  const {width, height} = tooltip.getBoundingClientRect();
  const left = clientX + 16 + width > window.innerWidth ? clientX - 16 - width : clientX + 16;
  tooltip.style.left = `${Math.max(4, left)}px`;
  tooltip.style.top = `${Math.max(4, Math.min(clientY + 12, window.innerHeight - height - 4))}px`;
}

function writeAddress() {
  const parts = new URLSearchParams();
  if (!view.isAll()) {
    parts.set("from", String(Math.round(view.from)));
    parts.set("to", String(Math.round(view.to)));
  }
  if (seed !== report.seeds[0]) parts.set("seed", String(seed));
  const hidden = [...byId("shown").querySelectorAll("input:not(:checked)")];
  if (hidden.length > 0) parts.set("hidden", hidden.map((box) => box.value).join(","));
  const text = parts.toString();
  history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
}

function readAddress() {
  const parts = new URLSearchParams(location.hash.slice(1));
  const hidden = (parts.get("hidden") || "").split(",");
  for (const box of byId("shown").querySelectorAll("input")) {
    box.checked = !hidden.includes(box.value);
  }
  const wanted = Number(parts.get("seed"));
  const chosen = report.seeds.includes(wanted) ? wanted : report.seeds[0];
  byId("seed").value = String(chosen);
  const from = Number(parts.get("from"));
  const to = Number(parts.get("to"));
  if (to > from) view.show(from, to);
  else view.reset();
  showSeed(chosen);
}

function buildControls() {
  byId("seed").append(...report.seeds.map((one) => html("option", {value: String(one)}, one)));
  byId("seed-label").hidden = report.seeds.length < 2;
  byId("shown").append(...report.policies.map((policy) => html("label", null,
    html("input", {type: "checkbox", value: policy.name, checked: true}), ` ${policy.name}`)));
  byId("shown").hidden = report.policies.length < 2;
  byId("controls").addEventListener("submit", (event) => event.preventDefault());
  byId("controls").addEventListener("change", () => {
    showSeed(Number(byId("seed").value));
    writeAddress();
  });
  byId("zoom-in").addEventListener("click", () => view.zoomMiddle(1 / kZoomStep));
  byId("zoom-out").addEventListener("click", () => view.zoomMiddle(kZoomStep));
  byId("zoom-reset").addEventListener("click", () => view.reset());
}

function buildLegend() {
  const item = (name, label) => html("li", null,
    html("span", {class: `swatch s-${name}`, "aria-hidden": "true"}), label);
  byId("legend").append(
    item("success", "successes"), item("requests", "requests"),
    ...report.kinds.map((kind) => item(`kind-${kind.name}`, kind.label)),
    item("valid", "key valid"), item("cooling", "cooling"), item("permanent", "out for good"),
    item("used", "in use"), item("refused", "with refusals"));
}

function watchForChanges() {
  view.onChange(() => {
    drawSoon();
    writeAddress();
  });
  cursor.onChange(showReading);
  window.addEventListener("hashchange", readAddress);
  new ResizeObserver(drawSoon).observe(byId("panels"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawSoon);
  window.addEventListener("scroll", () => { byId("tooltip").hidden = true; }, {passive: true});
}

function start() {
  const {world, policies} = report;
  const seeds = Math.max(...policies.map((policy) => policy.seeds));
  byId("title").textContent = world.name;
  byId("subtitle").textContent = [
    spanText(world.duration_ms), `${report.keys.length} keys`,
    seeds === 1 ? "one seed" : `${seeds} seeds`,
    report.driver === "core" ? "the decision core" : "the shipped transport"].join(" · ");
  byId("description").textContent = world.description || "";
  byId("policies").append(policyTable(report));
  byId("policies-note").textContent = seeds === 1
    ? "One seed tells nothing of others: run several for intervals."
    : "Mean over the seeds ± half of its 95 % confidence interval. In bold: no other is surely better.";
  byId("keys").append(...policies.map((policy) => keyTable(report, policy)));
  buildControls();
  buildLegend();
  byId("panels").append(...panels.map((panel) => panel.element));
  const hidden = report.keys.length - kMostLanes;
  if (hidden > 0) byId("hint").append(` ${countText(hidden)} keys more are not drawn.`);
  if (report.seeds.length === 0) {
    byId("controls").hidden = byId("legend").hidden = byId("hint").hidden = true;
    byId("panels").replaceChildren(html("p", {class: "muted"}, "No run kept its timeline."));
    return;
  }
  readAddress();
  watchForChanges();
}

start();
