// What is read off the runs of cells.

/**
 * @typedef {{median: number, least: number, most: number, count: number}} Spread
 * @typedef {import("./plan.mjs").Cell & {runs: any[], error: string}} MeasuredCell
 */

/** @param {number[]} values @returns {Spread | undefined} */
export function spread(values) {
  if (values.length === 0) {
    return undefined;
  }
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, least: sorted[0], most: sorted[sorted.length - 1], count: sorted.length };
}

/** From loadPyodide called to the last import done, seconds. @param {MeasuredCell | undefined} cell */
export function fromStart(cell) {
  return spread((cell?.runs ?? []).map(({ times }) => times.imported / 1000));
}

/**
 * From the runtime's being ready. Where the packages come during the boot there is no such moment.
 *
 * @param {MeasuredCell | undefined} cell
 */
export function fromReady(cell) {
  const runs = (cell?.runs ?? []).filter(({ times }) => times.runtimeReady > 0);
  return spread(runs.map(({ times }) => (times.imported - times.runtimeReady) / 1000));
}

/** Bytes over the network. @param {MeasuredCell | undefined} cell @param {"packages" | "runtime"} of */
export function bytes(cell, of) {
  return spread((cell?.runs ?? []).map((run) => run.bytes[of]))?.median;
}

/**
 * The cell in which all but the mode is the same.
 *
 * @param {MeasuredCell[]} cells
 * @param {import("./plan.mjs").Cell} like
 * @param {string} mode
 */
export function beside(cells, like, mode) {
  return cells.find((cell) => cell.mode === mode && cell.runs.length > 0 &&
    ["profile", "protocol", "state", "set", "devtools"].every((name) =>
      /** @type {any} */ (cell)[name] === /** @type {any} */ (like)[name]));
}

/**
 * Of the modes, the one with the lowest median.
 *
 * @param {MeasuredCell[]} cells
 * @param {import("./plan.mjs").Cell} like
 * @param {string[]} modes
 * @param {(cell: MeasuredCell | undefined) => Spread | undefined} [clock]
 */
export function best(cells, like, modes, clock = fromStart) {
  const there = modes.map((mode) => beside(cells, like, mode)).filter((cell) => cell !== undefined && clock(cell));
  return there.sort((a, b) => (clock(a)?.median ?? 0) - (clock(b)?.median ?? 0))[0];
}

/** What each side of the question may choose from. */
export const individual = ["wheels", "wheels-early"];
export const bundled = ["loader", "loader-bytecode", "prefetch", "prefetch-bytecode"];
