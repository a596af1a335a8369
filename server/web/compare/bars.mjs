/**
 * All ways of one kind of visit below each other: medians as bars, cut into boot, installation and imports, with the spread
 * of the whole across the bar's end.
 *
 * @module
 */

import { svg, time } from "./dom.mjs";
import { axis, left, scaleTo, width } from "./axis.mjs";
import { summaryOf } from "./statistics.mjs";

/** @typedef {import("./series.mjs").Series} Series */

const rowHeight = 30;

/** @param {Series[]} all @param {number} longest milliseconds that the width stands for */
export function barsOf(all, longest) {
  const ran = all.filter(({ runs }) => runs.length > 0);
  const height = ran.length * rowHeight;
  const x = scaleTo(longest);
  const label = ran.map((each) => `${each.label} ${time(summaryOf(each.runs).total?.median ?? 0)}`).join(", ");
  return svg("svg", { viewBox: `0 0 ${width} ${height + 30}`, role: "img", "aria-label": `Medians: ${label}` },
    ...axis(longest, height), ...ran.flatMap((each, i) => barOf(each, i * rowHeight, x)));
}

/** @param {Series} series @param {number} top @param {(time: number) => number} x */
function barOf({ label, runs }, top, x) {
  const { ready, installed, total } = summaryOf(runs);
  if (!installed || !total) {
    return [];
  }
  const middle = top + rowHeight / 2;
  /** @param {string} kind @param {number} from @param {number} to */
  const part = (kind, from, to) =>
    svg("rect", { class: kind, x: x(from), y: top + 6, width: Math.max(0, x(to) - x(from)), height: rowHeight - 12 },
      svg("title", {}, `${label}, ${kind}: ${time(to - from)}`));
  return [
    svg("text", { x: left - 10, y: middle + 4, "text-anchor": "end" }, label),
    part("boot", 0, ready?.median ?? 0),
    part("install", ready?.median ?? 0, installed.median),
    part("import", installed.median, total.median),
    svg("path", { class: "spread", fill: "none", d: `M${x(total.min)} ${middle - 4}v8m0-4H${x(total.max)}m0-4v8` }),
    svg("text", { class: "number", x: x(total.max) + 6, y: middle + 4 }, time(total.median)),
  ];
}
