/**
 * The time axis that all pictures share.
 *
 * @module
 */

import { svg } from "./dom.mjs";

/** In the units of the pictures' coordinates. */
export const width = 960;
/** Where time 0 is; names stand left of it. */
export const left = 235;
const right = 70;

/** @param {number} longest milliseconds @returns {(time: number) => number} */
export function scaleTo(longest) {
  return (time) => left + (Math.max(0, time) / longest) * (width - left - right);
}

/** Lines and their seconds. @param {number} longest milliseconds @param {number} height */
export function axis(longest, height) {
  const x = scaleTo(longest);
  const step = stepFor(longest);
  const ticks = Array.from({ length: Math.floor(longest / step) + 1 }, (_, i) => i * step);
  return ticks.flatMap((tick) => [
    svg("line", { class: "grid", x1: x(tick), x2: x(tick), y1: 0, y2: height + 4 }),
    svg("text", { class: "faint number", x: x(tick), y: height + 19, "text-anchor": "middle" },
      tick === 0 ? "0" : `${Number((tick / 1000).toFixed(2))} s`),
  ]);
}

/** A round number of milliseconds that divides the width into at most eight. @param {number} longest */
function stepFor(longest) {
  const raw = longest / 8;
  const magnitude = 10 ** Math.floor(Math.log10(raw));
  return (/** @type {number} */ ([1, 2, 5, 10].find((each) => each * magnitude >= raw))) * magnitude;
}
