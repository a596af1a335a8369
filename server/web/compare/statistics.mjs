/**
 * What several runs say together.
 *
 * @module
 */

/** @typedef {import("./measure.mjs").Result} Result */
/** @typedef {{median: number, min: number, max: number}} Spread */

/**
 * The figures of a run: milliseconds, bytes, and requests for packages since `loadPyodide` was called.
 *
 * @type {Record<"ready" | "installed" | "total" | "sinceReady" | "bytes" | "requests", (run: Result) => number | undefined>}
 */
const figures = {
  ready: ({ times }) => times.runtimeReady,
  installed: ({ times }) => times.installed,
  total: ({ times }) => times.imported,
  sinceReady: ({ times }) => (times.runtimeReady === undefined ? undefined : times.imported - times.runtimeReady),
  bytes: ({ bytes }) => bytes.packages,
  requests: ({ resources }) => resources.filter(({ runtime, start }) => !runtime && start >= 0).length,
};

/** @typedef {keyof typeof figures} Figure */
/** @typedef {Partial<Record<Figure, Spread>>} Summary */

/** @param {Result[]} runs @returns {Summary} without the figures that these runs don't have */
export function summaryOf(runs) {
  /** @type {Summary} */
  const summary = {};
  for (const [name, figure] of Object.entries(figures)) {
    const values = runs.map(figure).filter((value) => value !== undefined);
    if (values.length > 0) {
      summary[/** @type {Figure} */ (name)] = spreadOf(values);
    }
  }
  return summary;
}

/** @param {number[]} values at least one @returns {Spread} */
export function spreadOf(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const half = (sorted.length - 1) / 2;
  return {
    median: (sorted[Math.floor(half)] + sorted[Math.ceil(half)]) / 2,
    min: sorted[0],
    max: sorted[sorted.length - 1],
  };
}

/** The run that is nearest to the median of all. @param {Result[]} runs at least one */
export function typicalOf(runs) {
  const { median } = spreadOf(runs.map(({ times }) => times.imported));
  /** @param {Result} run */
  const distance = (run) => Math.abs(run.times.imported - median);
  return runs.reduce((best, run) => (distance(run) < distance(best) ? run : best));
}
