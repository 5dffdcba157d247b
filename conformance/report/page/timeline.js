// The picture of one case: time goes down, a line each for the client, the keys and the clock.

const kLaneWidth = 76;
const kRowHeight = 30;
const kTimeWidth = 84;
const kHeadHeight = 34;
const kGapHeight = 18;
// Time that passes between two rows and is worth a gap.
const kGapMs = 500;

function formatTime(ms) {
  if (ms >= 3600000) return `${round(ms / 3600000)} h`;
  if (ms >= 60000) return `${round(ms / 60000)} min`;
  if (ms >= 1000) return `${round(ms / 1000)} s`;
  return `${round(ms)} ms`;
}

function round(number) {
  return Number(number < 100 ? number.toFixed(2) : number.toPrecision(4)).toString();
}

function statusClass(status) {
  if (!status) return "dot-none";
  if (status === 429) return "dot-limited";
  if (status < 400) return "dot-ok";
  return "dot-bad";
}

// Where a result has no timeline: the attempts of its requests, in order, without times.
function eventsOfRequests(requests, attempts) {
  const events = [];
  for (const request of requests || []) {
    const ms = request.at_ms === undefined ? null : request.at_ms;
    events.push({at_ms: ms, actor: "client", event: "request", request: request.id});
    attemptsOf(attempts, request).forEach((key, at) => {
      events.push({at_ms: null, actor: "upstream", event: `attempt ${at + 1}`, key,
                   request: request.id});
    });
    const status = /(?:forward|status) ([0-9]{3})/.exec(request.outcome);
    events.push({at_ms: null, actor: "client", event: request.outcome || "no outcome",
                 status: status ? Number(status[1]) : 0, request: request.id, ends: true});
  }
  return events;
}

function attemptsOf(attempts, request) {
  return (attempts && attempts[request.id]) || [];
}

function laneOf(event) {
  return event.actor === "upstream" ? event.key || "upstream" : event.actor;
}

function lanesOf(events) {
  const keys = new Set(events.filter((event) => event.actor === "upstream").map(laneOf));
  const lanes = ["client", ...[...keys].sort((a, b) => a.localeCompare(b, "en", {numeric: true}))];
  if (events.some((event) => event.actor === "clock")) lanes.push("clock");
  return lanes;
}

function describeEvent(event, severalRequests) {
  let text = event.event;
  if (event.status && !text.includes(String(event.status))) text += ` ${event.status}`;
  if (event.detail) text += ` (${event.detail})`;
  return severalRequests && event.request ? `${event.request}: ${text}` : text;
}

// The rows' places, with a gap where much time passes.
function placeRows(events) {
  let y = kHeadHeight + kRowHeight / 2;
  let before = null;
  return events.map((event) => {
    const passed = before === null || event.at_ms === null ? 0 : event.at_ms - before;
    const gap = passed >= kGapMs ? kGapHeight : 0;
    const row = {event, y: y + gap, gapAt: gap ? y - kRowHeight / 2 + gap / 2 : null, passed};
    y += gap + kRowHeight;
    if (event.at_ms !== null) before = event.at_ms;
    return row;
  });
}

// An SVG element; null if there is nothing to draw.
function drawTimeline(events, label) {
  if (events.length === 0) return null;
  const lanes = lanesOf(events);
  const severalRequests = new Set(events.map((event) => event.request)).size > 1;
  const rows = placeRows(events);
  const height = rows[rows.length - 1].y + kRowHeight;
  const laneX = (lane) => kTimeWidth + kLaneWidth * (lanes.indexOf(lane) + 0.5);
  const textX = kTimeWidth + kLaneWidth * lanes.length + 12;
  const longest = Math.max(...events.map((e) => describeEvent(e, severalRequests).length));
  const width = textX + Math.min(longest, 90) * 7.4 + 16;
  const picture = svg("svg", {
    class: "timeline", viewBox: `0 0 ${width} ${height}`, width, height, role: "img",
    "aria-label": label,
  });
  for (const lane of lanes) {
    picture.append(
      svg("line", {class: "lifeline", x1: laneX(lane), x2: laneX(lane), y1: kHeadHeight,
                   y2: height - 6}),
      svg("text", {class: "lane-name", x: laneX(lane), y: 20, "text-anchor": "middle"}, lane));
  }
  drawPath(picture, rows, laneX);
  for (const row of rows) drawRow(picture, row, laneX, textX, severalRequests);
  return picture;
}

// From event to event of one request: client, first key, next key, client.
function drawPath(picture, rows, laneX) {
  const paths = new Map();
  for (const {event, y} of rows) {
    if (event.actor === "clock") continue;
    const request = event.request || "";
    const point = `${laneX(laneOf(event))} ${y}`;
    paths.set(request, paths.has(request) ? `${paths.get(request)} L ${point}` : `M ${point}`);
  }
  for (const path of paths.values()) picture.append(svg("path", {class: "walk", d: path}));
}

function drawRow(picture, row, laneX, textX, severalRequests) {
  const {event, y} = row;
  if (row.gapAt !== null) {
    picture.append(svg("text", {class: "gap", x: kTimeWidth - 12, y: row.gapAt + 4,
                                "text-anchor": "end"}, `+ ${formatTime(row.passed)}`));
  }
  if (event.at_ms !== null) {
    picture.append(svg("text", {class: "time", x: kTimeWidth - 12, y: y + 4,
                                "text-anchor": "end"}, formatTime(event.at_ms)));
  }
  const x = laneX(laneOf(event));
  const kind = event.actor === "clock" ? "dot-clock" : statusClass(event.status);
  const shape = event.actor === "upstream"
    ? svg("circle", {class: `dot ${kind}`, cx: x, cy: y, r: 6})
    : svg("rect", {class: `dot ${kind}`, x: x - 6, y: y - 6, width: 12, height: 12, rx: 2});
  picture.append(shape, svg("text", {class: "event", x: textX, y: y + 4},
                            describeEvent(event, severalRequests)));
}
