/**
 * The figures as a table, medians with the least and the most below them.
 *
 * @module
 */

import { html, size, time } from "./dom.mjs";
import { summaryOf } from "./statistics.mjs";

/** @typedef {import("./series.mjs").Series} Series */

/** @type {[import("./statistics.mjs").Figure, string, (value: number) => string][]} */
const columns = [
  ["ready", "Runtime ready", time],
  ["installed", "Installed", time],
  ["total", "All imported", time],
  ["sinceReady", "Since ready", time],
  ["bytes", "Bytes", size],
  ["requests", "Requests", (value) => String(Math.round(value))],
];

/** @param {Series[]} all */
export function tableOf(all) {
  const head = html("tr", {}, heading("Way"), ...columns.map(([, title]) => heading(title)));
  const table = html("table", { class: "figures" }, html("thead", {}, head), html("tbody", {}, ...all.map(rowOf)));
  return html("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Figures" }, table);
}

/** @param {string} title */
function heading(title) {
  return html("th", { scope: "col" }, title);
}

/** @param {Series} series */
function rowOf({ id, label, runs, reason }) {
  const summary = summaryOf(runs);
  const cells =
    runs.length === 0
      ? [html("td", { colspan: columns.length, class: "reason" }, `Not run: ${reason ?? "stopped before its turn"}`)]
      : columns.map(([name, , text]) => {
          const spread = summary[name];
          return spread
            ? html("td", { "data-figure": name }, text(spread.median), range(text(spread.min), text(spread.max)))
            : html("td", {}, html("abbr", { title: "this way has no such moment" }, "–"));
        });
  const failed = runs.length > 0 && reason !== undefined;
  const note = failed ? [html("span", { class: "warning" }, `ended after ${runs.length} runs: ${reason}`)] : [];
  return html("tr", { "data-series": id }, html("th", { scope: "row" }, label, ...note), ...cells);
}

/** @param {string} min @param {string} max */
function range(min, max) {
  return html("span", { class: "aside" }, min === max ? "" : `${min} – ${max}`);
}
