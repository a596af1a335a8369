/**
 * The results as they are shown, and as they are kept.
 *
 * @module
 */

import { barsOf } from "./bars.mjs";
import { linkOf } from "./choices.mjs";
import { html, svg } from "./dom.mjs";
import { visits } from "./series.mjs";
import { summaryOf, typicalOf } from "./statistics.mjs";
import { tableOf } from "./table.mjs";
import { verdictOf } from "./verdict.mjs";
import { waterfallOf } from "./waterfall.mjs";

/** @typedef {import("./choices.mjs").Choices} Choices */
/** @typedef {import("./series.mjs").Series} Series */

/** Everything that was chosen and measured, for a file. @param {Choices} choices @param {Series[]} all */
export function documentOf(choices, all) {
  return {
    format: 1,
    made: new Date().toISOString(),
    browser: navigator.userAgent,
    cores: navigator.hardwareConcurrency,
    link: linkOf(choices),
    choices,
    verdicts: Object.fromEntries(visitsOf(all).map((visit) => [visit, verdictOf(all.filter((each) => each.visit === visit))])),
    series: all.map(({ id, label, visit, reason, runs }) => ({ id, label, visit, reason, summary: summaryOf(runs), runs })),
  };
}

/** @param {Choices} choices @param {Series[]} all @returns {HTMLElement[]} */
export function reportOf(choices, all) {
  const longest = Math.max(1, ...all.flatMap(({ runs }) => runs.map(({ times }) => times.imported)));
  return [
    html("h2", { id: "results-head" }, "Results"),
    takeAway(choices, all),
    ...visitsOf(all).flatMap((visit) => visitOf(all.filter((each) => each.visit === visit), longest)),
  ];
}

/** @param {Series[]} all */
function visitsOf(all) {
  return [...new Set(all.map(({ visit }) => visit))];
}

/** @param {Choices} choices @param {Series[]} all */
function takeAway(choices, all) {
  const content = JSON.stringify(documentOf(choices, all), undefined, 1);
  const file = URL.createObjectURL(new Blob([content], { type: "application/json" }));
  return html("p", {},
    html("a", { href: file, download: "wheelbarrow-compare.json", id: "json" }, "Download as JSON"), " · ",
    html("a", { href: linkOf(choices), id: "repeat" }, "Link that repeats this run"));
}

/** @param {Series[]} all of one kind of visit @param {number} longest */
function visitOf(all, longest) {
  const ran = all.filter(({ runs }) => runs.length > 0);
  const bars = html("figure", {}, html("figcaption", {}, "Medians, from loadPyodide to the last import"),
    legend(["boot", "install", "import"]), html("div", { class: "scroll" }, barsOf(all, longest)));
  const falls = ran.map(({ label, runs }) =>
    html("figure", {}, html("figcaption", {}, label),
      html("div", { class: "scroll" }, waterfallOf(typicalOf(runs), label, longest))));
  return [
    html("h3", {}, visits[all[0].visit]),
    html("p", { class: "verdict" }, verdictOf(all)),
    ...(ran.length > 0 ? [bars] : []),
    tableOf(all),
    ...(ran.length > 0
      ? [html("h3", {}, "Of each way, the run nearest to its median"),
         legend(["queued", "waiting", "download", "boot", "unpack", "compile", "import"])]
      : []),
    ...falls,
  ];
}

/** @param {string[]} kinds */
function legend(kinds) {
  const items = kinds.map((kind) =>
    html("li", {}, svg("svg", { viewBox: "0 0 10 10", "aria-hidden": true },
      svg("rect", { class: kind, width: 10, height: 10 })), kind));
  return html("ul", { class: "legend" }, ...items);
}
