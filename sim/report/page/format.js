// Numbers and times as people read them.

// Two digits of the margin; of a value without one, three or four of its own.
function decimalsFor(value, margin, most) {
  const told = margin > 0 ? margin : Math.abs(value) / 100;
  if (told <= 0) return 0;
  return Math.min(most, Math.max(0, 1 - Math.floor(Math.log10(told))));
}

const kUnitText = {share: " %", number: "", s: " s", ms: " ms"};

// [value, margin] as texts of the same number of decimals.
function estimateTexts(estimate, unit) {
  const scale = unit === "share" ? 100 : 1;
  const value = estimate.mean * scale;
  const half = estimate.low === undefined ? 0 : (estimate.high - estimate.low) / 2 * scale;
  // What is left of rounding where all seeds agree is no margin.
  const margin = half <= 1e-9 * Math.abs(value) ? 0 : half;
  const decimals = decimalsFor(value, margin, unit === "share" ? 4 : 3);
  return [grouped(value, decimals) + kUnitText[unit], margin > 0 ? `±${grouped(margin, decimals)}` : ""];
}

function grouped(value, decimals) {
  return value.toLocaleString("en", {minimumFractionDigits: decimals,
                                     maximumFractionDigits: decimals});
}

function countText(value) {
  return value.toLocaleString("en", {maximumFractionDigits: 0});
}

function rateText(perSecond) {
  if (perSecond === 0) return "0/s";
  return `${Number(perSecond.toPrecision(3)).toLocaleString("en")}/s`;
}

function percentText(share) {
  if (share === 0 || share === 1) return `${share * 100} %`;
  return `${(share * 100).toFixed(share > 0.999 || share < 0.001 ? 2 : 1)} %`;
}

const kSecond = 1000;
const kMinute = 60 * kSecond;
const kHour = 60 * kMinute;
const kDay = 24 * kHour;

// A length of time: its two largest units.
function spanText(ms) {
  if (ms < kSecond) return `${Number(ms.toPrecision(3))} ms`;
  if (ms < kMinute) return `${Number((ms / kSecond).toPrecision(3))} s`;
  const units = [[kDay, "d"], [kHour, "h"], [kMinute, "min"], [kSecond, "s"]];
  let rest = Math.round(ms / kSecond) * kSecond;
  const at = units.findIndex(([size]) => rest >= size);
  return units.slice(at, at + 2).map(([size, name]) => {
    const whole = Math.floor(rest / size);
    rest -= whole * size;
    return whole > 0 ? `${whole} ${name}` : "";
  }).filter(Boolean).join(" ");
}

// A moment of the run: "2d 03:04:05", with as many digits of a second as `step` asks for.
function momentText(ms, step) {
  const decimals = step >= kSecond ? 0 : Math.min(3, Math.ceil(-Math.log10(step / kSecond)));
  const unit = 10 ** -decimals * kSecond;
  const rounded = Math.round(ms / unit) * unit;
  const days = Math.floor(rounded / kDay);
  const two = (value) => String(value).padStart(2, "0");
  const seconds = (rounded % kMinute) / kSecond;
  const text = `${two(Math.floor(rounded % kDay / kHour))}:` +
    `${two(Math.floor(rounded % kHour / kMinute))}:` +
    seconds.toFixed(decimals).padStart(decimals ? 3 + decimals : 2, "0");
  return days > 0 ? `${days}d ${text}` : text;
}

const kTickSteps = [1, 2, 5, 10, 20, 50, 100, 200, 500, kSecond, 2 * kSecond, 5 * kSecond,
  10 * kSecond, 15 * kSecond, 30 * kSecond, kMinute, 2 * kMinute, 5 * kMinute, 10 * kMinute,
  15 * kMinute, 30 * kMinute, kHour, 2 * kHour, 3 * kHour, 6 * kHour, 12 * kHour, kDay, 2 * kDay,
  7 * kDay, 14 * kDay, 30 * kDay, 91 * kDay, 182 * kDay, 365 * kDay];

// The least step with at most so many ticks.
function tickStep(span, most) {
  return kTickSteps.find((step) => span / step <= most) || Math.ceil(span / most / kDay) * kDay;
}

// 1, 2 or 5 times a power of ten, not below the value.
function roundUp(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((times) => times * power).find((limit) => limit >= value * 0.9999);
}
