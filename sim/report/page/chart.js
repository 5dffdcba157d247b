// One policy's run drawn on a canvas: traffic, errors by kind, and every key, over time.

const kGutter = 84;  // names and scales, left of the charts
const kRightEdge = 10;
const kChartHeight = 84;
const kChartGap = 26;
const kAxisHeight = 24;
const kMostBins = 500;
const kStates = [["valid", "valid"], ["cooling", "cooling"], ["permanent", "out for good"]];

function laneHeight(keys) {
  if (keys <= 12) return 24;
  return keys <= 40 ? 16 : Math.max(3, Math.floor(640 / keys));
}

class Panel {
  constructor(policy, keys, view, cursor) {
    this.policy = policy;
    this.keys = keys;
    this.view = view;
    this.cursor = cursor;
    this.timeline = null;
    this.canvas = html("canvas", {
      class: "chart", tabindex: "0", role: "img", "data-policy": policy.name,
    });
    this.element = html("article", {class: "panel card"},
      html("h3", {title: policy.title}, policy.name, html("span", {class: "muted"}, ` ${policy.title}`)),
      this.canvas);
    steerBy(this.canvas, view, cursor, () => this.edges(), (step) => this.moveReading(step));
  }

  show(timeline) {
    this.timeline = timeline;
    this.element.hidden = !timeline;
  }

  edges() {
    return {left: kGutter, right: this.canvas.clientWidth - kRightEdge};
  }

  bins() {
    const {left, right} = this.edges();
    return binsOf(this.timeline, this.view, Math.min(kMostBins, Math.max(1, right - left)));
  }

  // The next or last bin is read out; from none, the middle one.
  moveReading(step) {
    const bins = this.bins();
    const at = this.cursor.ms === null ? -1
      : bins.indexOf(binAt(this.timeline, bins, this.cursor.ms));
    const next = bins[at < 0 ? Math.floor(bins.length / 2) : at + step];
    if (!next) return;
    const middle = (next.from + next.to) / 2 * this.timeline.partMs;
    if (middle < this.view.from) this.view.pan(-kPanStep);
    if (middle > this.view.to) this.view.pan(kPanStep);
    this.cursor.point(middle, this.canvas, null);
  }

  xOf(ms) {
    const {left, right} = this.edges();
    return left + (ms - this.view.from) / (this.view.to - this.view.from) * (right - left);
  }

  // The highest rates, for scales that all panels share.
  peaks() {
    const rates = this.bins().map((bin) => ratesOf(this.timeline, bin));
    return {
      traffic: Math.max(0, ...rates.map((rate) => Math.max(rate.requests, rate.successes))),
      errors: Math.max(0, ...rates.map((rate) => rate.allErrors)),
    };
  }

  lanesTop() {
    return 2 * (kChartHeight + kChartGap);
  }

  // Of the key whose lane is there; -1: none's.
  keyAt(y) {
    const key = Math.floor((y - this.lanesTop()) / laneHeight(this.keys.length));
    return key >= 0 && key < this.keys.length ? key : -1;
  }

  draw(scales, colours) {
    const height = this.lanesTop() + this.keys.length * laneHeight(this.keys.length) + kAxisHeight;
    const ratio = window.devicePixelRatio || 1;
    this.canvas.style.height = `${height}px`;
    const width = this.canvas.clientWidth;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    const pen = this.canvas.getContext("2d");
    pen.scale(ratio, ratio);
    pen.font = "12px system-ui, sans-serif";
    const bins = this.bins();
    const rates = bins.map((bin) => ratesOf(this.timeline, bin));
    this.drawTraffic(pen, bins, rates, scales.traffic, colours);
    this.drawErrors(pen, bins, rates, scales.errors, colours);
    this.drawKeys(pen, bins, colours);
    this.drawAxis(pen, height - kAxisHeight, colours);
    this.drawCursor(pen, height - kAxisHeight, colours);
    this.canvas.setAttribute("aria-label", this.summary());
  }

  // Left and right end of a bin within the chart; neighbours share an edge.
  columnOf(bin) {
    const {left, right} = this.edges();
    const from = Math.max(left, Math.round(this.xOf(bin.from * this.timeline.partMs)));
    const to = Math.min(right, Math.round(this.xOf(bin.to * this.timeline.partMs)));
    return {x: from, width: Math.max(0, to - from)};
  }

  drawScale(pen, top, title, limit, colours) {
    const {left, right} = this.edges();
    pen.fillStyle = colours.muted;
    pen.textAlign = "left";
    pen.fillText(title, left, top + 11);
    pen.textAlign = "right";
    const base = top + kChartGap - 8 + kChartHeight;
    pen.fillText(rateText(limit), left - 8, base - kChartHeight + 10);
    pen.fillText("0", left - 8, base);
    pen.strokeStyle = colours.line;
    pen.lineWidth = 1;
    pen.beginPath();
    for (const y of [base - kChartHeight, base]) {
      pen.moveTo(left, y + 0.5);
      pen.lineTo(right, y + 0.5);
    }
    pen.stroke();
    return base;
  }

  drawTraffic(pen, bins, rates, limit, colours) {
    const base = this.drawScale(pen, 0, "requests and successes", limit, colours);
    const heightOf = (rate) => Math.min(1, rate / limit) * kChartHeight;
    pen.fillStyle = colours.success;
    bins.forEach((bin, i) => {
      const {x, width} = this.columnOf(bin);
      const height = heightOf(rates[i].successes);
      pen.fillRect(x, base - height, width, height);
    });
    pen.strokeStyle = colours.ink;
    pen.lineWidth = 1.25;
    pen.beginPath();
    bins.forEach((bin, i) => {
      const {x, width} = this.columnOf(bin);
      const y = base - heightOf(rates[i].requests);
      pen.lineTo(x, y);
      pen.lineTo(x + width, y);
    });
    pen.stroke();
  }

  drawErrors(pen, bins, rates, limit, colours) {
    const base = this.drawScale(pen, kChartHeight + kChartGap, "errors that clients saw", limit,
                                colours);
    bins.forEach((bin, i) => {
      const {x, width} = this.columnOf(bin);
      let y = base;
      rates[i].errors.forEach((rate, kind) => {
        if (rate === 0) return;
        // What is rare is still seen.
        const height = Math.max(1, rate / limit * kChartHeight);
        pen.fillStyle = colours.kinds[kind];
        pen.fillRect(x, y - height, Math.max(1, width), height);
        y -= height;
      });
    });
  }

  drawKeys(pen, bins, colours) {
    const height = laneHeight(this.keys.length);
    const top = this.lanesTop();
    const {left} = this.edges();
    const hatch = hatchOf(pen, colours.permanent, colours.card);
    this.keys.forEach((name, key) => {
      const y = top + key * height;
      const lane = height - (height > 6 ? 3 : 0);
      if (height >= 12) {
        pen.fillStyle = colours.ink;
        pen.textAlign = "right";
        pen.fillText(shortened(pen, name, kGutter - 14), left - 8, y + lane / 2 + 4);
      }
      for (const bin of bins) this.drawKeyBin(pen, key, bin, y, lane, colours, hatch);
    });
  }

  drawKeyBin(pen, key, bin, y, lane, colours, hatch) {
    const {x, width} = this.columnOf(bin);
    const state = keyIn(this.timeline, key, bin);
    // Use is a line at the lane's foot.
    const foot = lane >= 12 ? 4 : 0;
    let at = y;
    for (const [share, colour] of [[state.valid, colours.valid], [state.cooling, colours.cooling],
                                   [state.permanent, hatch]]) {
      if (share <= 0) continue;
      pen.fillStyle = colour;
      pen.fillRect(x, at, width, share * (lane - foot));
      at += share * (lane - foot);
    }
    if (foot === 0 || state.attempts === 0) return;
    pen.fillStyle = colours.ink;
    pen.fillRect(x, y + lane - foot + 1, Math.max(1, width), foot - 1);
    if (state.refusals === 0) return;
    pen.fillStyle = colours.refused;
    pen.fillRect(x, y + lane - foot + 1, Math.max(1, width), foot - 1);
  }

  drawAxis(pen, top, colours) {
    const {left, right} = this.edges();
    const {from, to} = this.view;
    const step = tickStep(to - from, Math.max(2, (right - left) / 96));
    pen.fillStyle = colours.muted;
    pen.strokeStyle = colours.line;
    pen.textAlign = "center";
    pen.beginPath();
    for (let ms = Math.ceil(from / step) * step; ms <= to; ms += step) {
      const x = Math.round(this.xOf(ms)) + 0.5;
      pen.moveTo(x, 0);
      pen.lineTo(x, top + 4);
      const text = momentText(ms, step);
      const half = pen.measureText(text).width / 2;
      pen.fillText(text, Math.min(x, right + kRightEdge - half), top + 17);
    }
    pen.globalAlpha = 0.5;
    pen.stroke();
    pen.globalAlpha = 1;
  }

  drawCursor(pen, bottom, colours) {
    const {ms} = this.cursor;
    if (ms === null || ms < this.view.from || ms > this.view.to) return;
    const x = Math.round(this.xOf(ms)) + 0.5;
    pen.strokeStyle = colours.ink;
    pen.lineWidth = 1;
    pen.beginPath();
    pen.moveTo(x, 0);
    pen.lineTo(x, bottom);
    pen.stroke();
  }

  // What the bin at a moment says; `key`: of that key, too.
  readingAt(ms, key) {
    const bin = binAt(this.timeline, this.bins(), ms);
    if (!bin) return null;
    const {partMs} = this.timeline;
    const rates = ratesOf(this.timeline, bin);
    const lines = [["requests", rateText(rates.requests)],
                   ["successes", rateText(rates.successes)]];
    rates.errors.forEach((rate, kind) => {
      if (rate > 0) lines.push([kOutcomeKinds[kind].label, rateText(rate)]);
    });
    const keys = key >= 0 ? [key] : this.keys.map((_, index) => index).slice(0, 12);
    for (const index of keys) {
      const state = keyIn(this.timeline, index, bin);
      const parts = kStates.filter(([name]) => state[name] > 0).map(([name, label]) =>
        (state[name] === 1 ? label : `${label} ${percentText(state[name])}`));
      if (state.attempts > 0) parts.push(`${countText(state.attempts)} attempts`);
      if (state.refusals > 0) parts.push(`${countText(state.refusals)} refused`);
      lines.push([this.keys[index], parts.join(", ")]);
    }
    const step = (bin.to - bin.from) * partMs;
    return {title: `${momentText(bin.from * partMs, step)}, ${spanText(step)}`, lines};
  }

  summary() {
    const all = {from: 0, to: this.timeline.parts};
    const rates = ratesOf(this.timeline, all);
    const rate = rates.requests > 0 ? percentText(rates.successes / rates.requests) : "none";
    return `Timeline of ${this.policy.name}: ${rate} of requests succeed. Arrow keys move, ` +
      "plus and minus zoom, shift with an arrow reads.";
  }
}

// Out for good is told by its pattern, too, not by colour alone.
function hatchOf(pen, colour, ground) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 6;
  const brush = tile.getContext("2d");
  brush.fillStyle = colour;
  brush.fillRect(0, 0, 6, 6);
  brush.strokeStyle = ground;
  brush.lineWidth = 1.4;
  brush.beginPath();
  for (const offset of [-6, 0, 6]) {
    brush.moveTo(offset, 6);
    brush.lineTo(offset + 6, 0);
  }
  brush.stroke();
  return pen.createPattern(tile, "repeat");
}

function shortened(pen, text, width) {
  if (pen.measureText(text).width <= width) return text;
  let kept = text;
  while (kept.length > 1 && pen.measureText(`${kept}…`).width > width) kept = kept.slice(0, -1);
  return `${kept}…`;
}
