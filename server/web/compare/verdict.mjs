/**
 * The comparison in a sentence.
 *
 * @module
 */

import { size, time } from "./dom.mjs";
import { summaryOf } from "./statistics.mjs";

/** @typedef {import("./series.mjs").Series} Series */

/** Medians that are nearer to each other than this say nothing, even if their spreads don't overlap. */
const tellable = 0.03;

/**
 * Whether bundling helped on one kind of visit, and by how much: the best of the individual wheels' ways against the best
 * bundle.
 *
 * @param {Series[]} all of one kind of visit
 */
export function verdictOf(all) {
  const wheels = best(all.filter(({ bundled }) => !bundled));
  const bundle = best(all.filter(({ bundled }) => bundled));
  if (!wheels || !bundle) {
    return `There is nothing to compare: ${wheels || bundle ? "only one kind of way was" : "no way was"} run to the end.`;
  }
  const ratio = bundle.total.median / wheels.total.median;
  const sides = `${time(bundle.total.median)} (${bundle.label}) against ${time(wheels.total.median)} (${wheels.label})`;
  const late = bundle.sinceReady && wheels.sinceReady;
  const sinceReady = late ? `since the runtime was ready, ${time(bundle.sinceReady.median)} against ${time(wheels.sinceReady.median)}; ` : "";
  const bytes = `${sinceReady}${size(bundle.bytes.median)} against ${size(wheels.bytes.median)}`;
  const overlap = bundle.total.max >= wheels.total.min && wheels.total.max >= bundle.total.min;
  if (wheels.runs < 2 || bundle.runs < 2) {
    return `One round shows no spread, so take this as a hint: ${sides}; ${bytes}.`;
  }
  if (Math.abs(1 - ratio) < tellable || (overlap && Math.abs(1 - ratio) < 0.1)) {
    return `Bundling made no difference that these runs can tell: ${sides}; ${bytes}.`;
  }
  const part = `${Math.round(100 * Math.abs(1 - ratio))} %`;
  const doubt = overlap ? " The spreads overlap: more rounds would make it surer." : "";
  return ratio < 1
    ? `Bundling helped: all was imported ${part} sooner, ${sides}; ${bytes}.${doubt}`
    : `Bundling did not help: all was imported ${part} later, ${sides}; ${bytes}.${doubt}`;
}

/** The one whose median is least. @param {Series[]} all */
function best(all) {
  return all
    .filter(({ runs }) => runs.length > 0)
    .map(({ label, runs }) => {
      const { total, sinceReady, bytes } = /** @type {Required<import("./statistics.mjs").Summary>} */ (summaryOf(runs));
      return { label, total, sinceReady, bytes, runs: runs.length };
    })
    .sort((a, b) => a.total.median - b.total.median)
    .at(0);
}
