// The policies' figures side by side, with their intervals on a scale that a row's cells share.

const kWhiskerWidth = 120;

// Worth a row if a policy has the figure, and it is not an error that none made.
function isShown(metric, policies) {
  const estimates = policies.map((policy) => policy.estimates[metric.name]).filter(Boolean);
  if (estimates.length === 0) return false;
  return metric.better !== "lower" || estimates.some((estimate) => estimate.mean !== 0);
}

function lowOf(estimate) {
  return estimate.low === undefined ? estimate.mean : estimate.low;
}

function highOf(estimate) {
  return estimate.high === undefined ? estimate.mean : estimate.high;
}

// The policies of which none is surely better: their intervals overlap with the best one's.
function bestOf(metric, policies) {
  const known = policies.filter((policy) => policy.estimates[metric.name]);
  if (metric.better === "neither" || known.length < 2) return new Set();
  const sign = metric.better === "higher" ? 1 : -1;
  const meanOf = (policy) => policy.estimates[metric.name].mean * sign;
  const best = known.reduce((one, other) => (meanOf(other) > meanOf(one) ? other : one));
  const {[metric.name]: top} = best.estimates;
  const among = known.filter((policy) => {
    const estimate = policy.estimates[metric.name];
    return lowOf(estimate) <= highOf(top) && highOf(estimate) >= lowOf(top);
  });
  return among.length === known.length ? new Set() : new Set(among);
}

function whisker(estimate, least, most) {
  const span = most - least || 1;
  const x = (value) => 4 + (value - least) / span * (kWhiskerWidth - 8);
  return svg("svg", {class: "whisker", width: kWhiskerWidth, height: 12, "aria-hidden": "true"},
    svg("line", {class: "whisker-scale", x1: 4, x2: kWhiskerWidth - 4, y1: 6, y2: 6}),
    svg("line", {class: "whisker-interval", x1: x(lowOf(estimate)), x2: x(highOf(estimate)),
                 y1: 6, y2: 6}),
    svg("circle", {class: "whisker-mean", cx: x(estimate.mean), cy: 6, r: 3.5}));
}

function estimateCell(estimate, metric, scale, seeds, isBest) {
  if (!estimate) return html("td", {class: "none"}, "–");
  const [value, margin] = estimateTexts(estimate, metric.unit);
  return html("td", {class: isBest ? "best" : null},
    html("span", {class: "value"}, value), " ", html("span", {class: "muted"}, margin),
    estimate.seeds < seeds ? html("span", {class: "muted"}, ` (${estimate.seeds} seeds)`) : null,
    scale ? whisker(estimate, scale.least, scale.most) : null);
}

// To the first address in it.
function sourceLink(source) {
  const address = /https?:\/\/[^\s,]+/.exec(source);
  return address ? webLink(address[0], "source") : null;
}

function policyTable(report) {
  const {policies} = report;
  const head = html("tr", null, html("td", null),
    policies.map((policy) => html("th", {scope: "col", title: policy.title}, policy.name,
      html("div", {class: "source"}, sourceLink(policy.source)))));
  const rows = report.metrics.filter((metric) => isShown(metric, policies)).map((metric) => {
    const estimates = policies.map((policy) => policy.estimates[metric.name]);
    const known = estimates.filter(Boolean);
    const scale = policies.length < 2 ? null : {
      least: Math.min(...known.map(lowOf)), most: Math.max(...known.map(highOf)),
    };
    const best = bestOf(metric, policies);
    return html("tr", {"data-metric": metric.name},
      html("th", {scope: "row"}, metric.title),
      policies.map((policy, i) =>
        estimateCell(estimates[i], metric, scale, policy.seeds, best.has(policy))));
  });
  return html("table", {class: "figures"}, html("thead", null, head), html("tbody", null, rows));
}

const kMostKeyRows = 100;

function keyTable(report, policy) {
  const head = html("tr", null, html("th", {scope: "col"}, "key"),
    report.keyMetrics.map((metric) => html("th", {scope: "col"}, metric.title)));
  const rows = report.keys.slice(0, kMostKeyRows).map((name, key) => html("tr", null,
    html("th", {scope: "row"}, name),
    report.keyMetrics.map((metric) =>
      estimateCell(policy.keyEstimates[key][metric.name], metric, null, policy.seeds, false))));
  const rest = report.keys.length - kMostKeyRows;
  return html("details", {class: "card key-details", open: report.policies.length <= 2},
    html("summary", null, policy.name),
    html("div", {class: "scroller"},
      html("table", {class: "figures"}, html("thead", null, head), html("tbody", null, rows)),
      rest > 0 ? html("p", {class: "muted"}, `and ${rest} keys more, in the JSON`) : null));
}
