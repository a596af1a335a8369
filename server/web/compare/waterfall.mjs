/**
 * One run as a waterfall: each request as Resource Timing has it, and below them what was done with what came.
 *
 * @module
 */

import { axis, left, scaleTo, width } from "./axis.mjs";
import { size, svg, time } from "./dom.mjs";

/** @typedef {import("./measure.mjs").Result} Result */
/** @typedef {import("./clock.mjs").Resource} Resource */
/** @typedef {import("./clock.mjs").Phase} Phase */

const rowHeight = 17;
/** Of more requests the longest are drawn. */
const mostRequests = 16;
const phaseNames = /** @type {const} */ (["boot", "download", "unpack", "compile", "import"]);

/** @param {Result} run @param {string} label @param {number} longest milliseconds that the width stands for */
export function waterfallOf(run, label, longest) {
  const x = scaleTo(longest);
  const seen = run.resources.filter(({ responseEnd }) => responseEnd > 0);
  const drawn = seen.toSorted((a, b) => lengthOf(b) - lengthOf(a)).slice(0, mostRequests).sort((a, b) => a.start - b.start);
  /** @type {SVGElement[]} */
  const parts = [];
  let top = 0;
  for (const resource of drawn) {
    parts.push(...requestRow(resource, top, x));
    top += rowHeight;
  }
  if (seen.length > drawn.length) {
    parts.push(svg("text", { class: "faint", x: left - 10, y: top + 12, "text-anchor": "end" },
      `and ${seen.length - drawn.length} shorter ones`));
    top += rowHeight;
  }
  top += 8;
  for (const name of phaseNames) {
    parts.push(...phaseRow(name, run.phases.filter((phase) => phase.name === name), top, x));
    top += rowHeight;
  }
  const { runtimeReady, installed, imported } = run.times;
  const moments = [runtimeReady, installed, imported].filter((moment) => moment !== undefined);
  const lines = moments.map((moment) => svg("line", { class: "moment", x1: x(moment), x2: x(moment), y1: 0, y2: top + 4 }));
  const summary = `${label}: ${seen.length} requests, installed after ${time(installed)}, imported after ${time(imported)}`;
  return svg("svg", { viewBox: `0 0 ${width} ${top + 28}`, role: "img", "aria-label": summary },
    ...axis(longest, top), ...lines, ...parts);
}

/** @param {Resource} resource */
function lengthOf({ start, responseEnd }) {
  return responseEnd - start;
}

/** @param {Resource} resource @param {number} top @param {(time: number) => number} x */
function requestRow(resource, top, x) {
  const { url, start, requestStart, responseStart, responseEnd, transferSize, nextHopProtocol, runtime } = resource;
  const title = svg("title", {},
    `${decodeURI(url)}\n${nextHopProtocol || "cache"}, ${transferSize === 0 ? "from the cache" : size(transferSize)}\n` +
      `asked after ${time(start)}, waited ${time(responseStart - requestStart)}, ` +
      `download ${time(responseEnd - responseStart)}`);
  // A browser that withholds details says 0.
  const asked = Math.max(start, requestStart);
  const answered = Math.max(asked, responseStart);
  return [
    svg("text", { class: runtime ? "faint" : "", x: left - 10, y: top + 12, "text-anchor": "end" }, nameOf(url)),
    svg("g", {}, title, bar("queued", start, asked, top, x), bar("waiting", asked, answered, top, x),
      bar("download", answered, responseEnd, top, x)),
    svg("text", { class: "faint number", x: x(responseEnd) + 5, y: top + 12 },
      transferSize === 0 ? "cached" : size(transferSize)),
  ];
}

/** @param {Phase["name"]} name @param {Phase[]} phases @param {number} top @param {(time: number) => number} x */
function phaseRow(name, phases, top, x) {
  const bars = phases.map((phase) => {
    const rect = bar(name, phase.start, phase.end, top, x);
    rect.append(svg("title", {}, `${name}${phase.what ? ` ${phase.what}` : ""}: ${time(phase.end - phase.start)}`));
    return rect;
  });
  const spent = phases.reduce((sum, { start, end }) => sum + end - Math.max(0, start), 0);
  const last = Math.max(0, ...phases.map(({ end }) => end));
  return [
    svg("text", { x: left - 10, y: top + 12, "text-anchor": "end" }, name),
    ...bars,
    svg("text", { class: "faint number", x: x(last) + 5, y: top + 12 }, phases.length > 0 ? time(spent) : "none"),
  ];
}

/** @param {string} kind @param {number} from @param {number} to @param {number} top @param {(time: number) => number} x */
function bar(kind, from, to, top, x) {
  // Anything that happened is at least a hair wide.
  const least = to > from ? 0.7 : 0;
  return svg("rect", { class: kind, x: x(from), y: top + 3, width: Math.max(least, x(to) - x(from)), height: rowHeight - 6 });
}

/** The last of a path, short enough for the margin. @param {string} url */
function nameOf(url) {
  const { pathname } = new URL(url);
  const name = decodeURIComponent(pathname.slice(pathname.lastIndexOf("/") + 1)) || pathname;
  return name.length > 30 ? `${name.slice(0, 18)}…${name.slice(-11)}` : name;
}
