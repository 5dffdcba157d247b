// The report, and its timelines in bins of as many parts as fit a screen.

const kOutcomeKinds = [
  {name: "rate_limited", label: "rate limited"},
  {name: "unauthorized", label: "keys refused"},
  {name: "permanent", label: "no key left for good"},
  {name: "upstream_error", label: "upstream's error"},
  {name: "reset", label: "connection ended"},
  {name: "timeout", label: "no answer in time"},
  {name: "truncated", label: "cut off"},
  {name: "deadline", label: "client left"},
  {name: "restarted", label: "gateway restarted"},
];

function readReport(document) {
  const policies = document.policies.map((entry) => ({
    name: entry.policy.name,
    title: entry.policy.title,
    source: entry.policy.source,
    estimates: entry.estimates,
    keyEstimates: entry.key_estimates,
    seeds: entry.runs.length,
    // By seed; those that were kept.
    timelines: new Map(entry.runs.filter((run) => run.timeline)
      .map((run) => [run.seed, readTimeline(run.timeline)])),
  }));
  const keys = document.world.keys.map((key) => key.name);
  const seeds = [...new Set(policies.flatMap((policy) => [...policy.timelines.keys()]))]
    .sort((a, b) => a - b);
  return {
    world: document.world, driver: document.driver, metrics: document.metrics,
    keyMetrics: document.key_metrics, policies, keys, seeds,
    // Errors that a client saw in any run with a timeline, for the legend.
    kinds: kOutcomeKinds.filter((kind) => policies.some((policy) =>
      [...policy.timelines.values()].some((timeline) => timeline.outcomes[kind.name]))),
  };
}

function readTimeline(timeline) {
  return {
    partMs: timeline.part_ns / 1e6,
    parts: timeline.parts,
    requests: timeline.requests || null,
    outcomes: timeline.outcomes,
    keys: timeline.keys,
  };
}

// A series that is left out is zero.
function sumOf(series, from, to) {
  if (!series) return 0;
  let sum = 0;
  for (let i = from; i < to; ++i) sum += series[i];
  return sum;
}

// The bins of a range of time, at most so many: each of a power of two parts, counted from the
// first part, so that they stay what they are while the range moves.
function binsOf(timeline, range, most) {
  const visible = Math.max(1, (range.to - range.from) / timeline.partMs);
  let size = 1;
  while (visible / size > most) size *= 2;
  const first = Math.max(0, Math.floor(range.from / timeline.partMs / size));
  const end = Math.min(Math.ceil(timeline.parts / size),
                       Math.ceil(range.to / timeline.partMs / size));
  const bins = [];
  for (let i = first; i < end; ++i) {
    bins.push({from: i * size, to: Math.min((i + 1) * size, timeline.parts)});
  }
  return bins;
}

function binAt(timeline, bins, ms) {
  const part = ms / timeline.partMs;
  return bins.find((bin) => part >= bin.from && part < bin.to) || null;
}

// The counts of traffic and errors in a bin, a second.
function ratesOf(timeline, bin) {
  const seconds = (bin.to - bin.from) * timeline.partMs / 1000;
  const rate = (series) => sumOf(series, bin.from, bin.to) / seconds;
  const errors = kOutcomeKinds.map((kind) => rate(timeline.outcomes[kind.name]));
  return {
    requests: rate(timeline.requests),
    successes: rate(timeline.outcomes.success),
    errors,
    allErrors: errors.reduce((sum, error) => sum + error, 0),
  };
}

// The shares of a bin that a key was in each state, and what was sent with it.
function keyIn(timeline, key, bin) {
  const series = timeline.keys[key];
  const parts = bin.to - bin.from;
  const cooling = sumOf(series.cooling, bin.from, bin.to) / parts / 1000;
  const permanent = sumOf(series.permanent, bin.from, bin.to) / parts / 1000;
  return {
    cooling, permanent, valid: Math.max(0, 1 - cooling - permanent),
    attempts: sumOf(series.attempts, bin.from, bin.to),
    successes: sumOf(series.successes, bin.from, bin.to),
    refusals: sumOf(series.refusals, bin.from, bin.to),
  };
}
