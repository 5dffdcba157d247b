// What part of the time is shown. All panels show the same one.

class TimeView {
  // `leastMs` is the shortest range that can be shown.
  constructor(lengthMs, leastMs) {
    this.length = lengthMs;
    this.least = Math.min(leastMs, lengthMs);
    this.from = 0;
    this.to = lengthMs;
    this.listeners = [];
  }

  onChange(listener) {
    this.listeners.push(listener);
  }

  show(from, to) {
    const span = Math.min(this.length, Math.max(this.least, to - from));
    const start = Math.min(Math.max(0, from), this.length - span);
    if (start === this.from && start + span === this.to) return;
    this.from = start;
    this.to = start + span;
    for (const listener of this.listeners) listener();
  }

  // A factor above one shows more; the moment `at` stays where it is.
  zoom(factor, at) {
    const span = (this.to - this.from) * factor;
    const bounded = Math.min(this.length, Math.max(this.least, span));
    const place = (at - this.from) / (this.to - this.from);
    this.show(at - place * bounded, at - place * bounded + bounded);
  }

  zoomMiddle(factor) {
    this.zoom(factor, (this.from + this.to) / 2);
  }

  // By a share of what is shown.
  pan(share) {
    const step = (this.to - this.from) * share;
    this.show(this.from + step, this.to + step);
  }

  reset() {
    this.show(0, this.length);
  }

  isAll() {
    return this.from === 0 && this.to === this.length;
  }
}

// The moment that the reader points to; null: none.
class Cursor {
  constructor() {
    this.ms = null;
    this.listeners = [];
  }

  onChange(listener) {
    this.listeners.push(listener);
  }

  // `place` is where a tooltip goes; null: none is wanted.
  point(ms, panel = null, place = null) {
    this.ms = ms;
    this.panel = panel;
    this.place = place;
    for (const listener of this.listeners) listener();
  }
}

const kZoomStep = 1.5;
const kPanStep = 0.15;

// Wheel, drag, double click and keys on an element that shows the view between `edges()`, its left
// and right end in pixels.
function steerBy(element, view, cursor, edges, moveReading) {
  const momentAt = (x) => {
    const {left, right} = edges();
    return view.from + (x - left) / (right - left) * (view.to - view.from);
  };
  const xOf = (event) => event.clientX - element.getBoundingClientRect().left;
  let drag = null;

  element.addEventListener("wheel", (event) => {
    const sideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
    // A wheel that can show no more scrolls the page.
    if (!sideways && event.deltaY > 0 && view.isAll()) return;
    event.preventDefault();
    if (sideways) view.pan((event.deltaX || event.deltaY) / 600);
    else view.zoom(Math.exp(event.deltaY / 300), momentAt(xOf(event)));
  }, {passive: false});

  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    drag = {x: xOf(event), from: view.from, to: view.to};
    element.setPointerCapture(event.pointerId);
    element.classList.add("dragged");
  });
  element.addEventListener("pointermove", (event) => {
    const x = xOf(event);
    if (drag) {
      const {left, right} = edges();
      const moved = (x - drag.x) / (right - left) * (drag.to - drag.from);
      view.show(drag.from - moved, drag.to - moved);
    }
    const ms = momentAt(x);
    const inside = ms >= view.from && ms <= view.to;
    cursor.point(inside ? ms : null, element, inside && !drag ? event : null);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    element.addEventListener(end, () => {
      drag = null;
      element.classList.remove("dragged");
    });
  }
  element.addEventListener("pointerleave", () => cursor.point(null));
  element.addEventListener("dblclick", () => view.reset());

  element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const direction = {ArrowLeft: -1, ArrowRight: 1}[event.key];
    if (direction && event.shiftKey) moveReading(direction);
    else if (direction) view.pan(direction * kPanStep);
    else if (event.key === "+" || event.key === "=") view.zoomMiddle(1 / kZoomStep);
    else if (event.key === "-") view.zoomMiddle(kZoomStep);
    else if (event.key === "0" || event.key === "Home") view.reset();
    else if (event.key === "Escape") cursor.point(null);
    else return;
    event.preventDefault();
  });
}
