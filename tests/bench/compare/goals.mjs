// What the comparison is to show, and whether it did. "a" is the better of the two ways to load individual wheels, both
// from the same server; "b" is micropip; ours is the best of the loader's ways.
import { beside, best, bundled, bytes, fromReady, fromStart, individual } from "./figures.mjs";

/** Of the first visit over HTTP/2: against a. */
const againstWheels = [
  { profile: "none", sets: ["document", "pure", "tiny"], most: 0.6 },
  { profile: "fast4g", sets: ["document"], most: 0.75 },
  { profile: "fast4g", sets: ["pure", "tiny"], most: 0.65 },
  { profile: "slow4g", sets: ["pure", "tiny"], most: 0.65 },
];
const againstMicropip = 0.5;
const ofBytes = 0.62;

/**
 * @typedef {object} Verdict
 * @property {string} what
 * @property {number} most
 * @property {number} ratio by the clock that starts with loadPyodide, or of bytes
 * @property {number} [plain] the same against `loadPackage` after the runtime is ready, without the better of the two
 * @property {number} [fromReady] the same by the other clock, where both have it
 * @property {string} [mode] ours that is best
 */

/**
 * @param {import("./figures.mjs").MeasuredCell[]} cells
 * @returns {Verdict[]}
 */
export function verdicts(cells) {
  /** @type {Verdict[]} */
  const out = [];
  /**
   * @param {string} what
   * @param {import("./plan.mjs").Cell} like
   * @param {string[]} theirs
   * @param {number} most
   */
  function judge(what, like, theirs, most) {
    const [our, their] = [best(cells, like, bundled), best(cells, like, theirs)];
    if (!our || !their) {
      return;
    }
    const ratio = ratioOf(fromStart(our), fromStart(their));
    const ready = ratioOf(fromReady(best(cells, like, bundled, fromReady)), fromReady(best(cells, like, theirs, fromReady)));
    const plain = theirs === individual ? ratioOf(fromStart(our), fromStart(beside(cells, like, "wheels"))) : undefined;
    out.push({ what, most, ratio: ratio ?? NaN, plain, fromReady: ready, mode: our.mode });
  }

  for (const like of firstVisits(cells)) {
    const { profile, set, state } = like;
    const goal = againstWheels.find((each) => each.profile === profile && each.sets.includes(set));
    if (goal) {
      judge(`${set}, ${profile}, ${state}: against a`, like, individual, goal.most);
    }
    judge(`${set}, ${profile}, ${state}: against b`, like, ["micropip"], againstMicropip);
  }
  for (const set of ["pure", "document"]) {
    judge(`${set}, fast4g, changed: against a`, { profile: "fast4g", protocol: "h2", state: "changed", set, mode: "" }, individual, 1);
  }
  for (const set of new Set(cells.map((cell) => cell.set))) {
    const like = firstVisits(cells).find((each) => each.set === set && beside(cells, each, "nginx") && beside(cells, each, "loader"));
    const [our, their] = like ? [bytes(beside(cells, like, "loader"), "packages"), bytes(beside(cells, like, "nginx"), "packages")] : [];
    if (our && their) {
      out.push({ what: `${set}: bytes of the bundle against the wheels from nginx`, most: ofBytes, ratio: our / their });
    }
  }
  return out;
}

/** One cell of each group that is a first visit. @param {import("./figures.mjs").MeasuredCell[]} cells */
function firstVisits(cells) {
  const first = cells.filter(({ protocol, state, devtools }) => protocol === "h2" && ["cold", "cached"].includes(state) && !devtools);
  return first.filter((cell, index) =>
    first.findIndex((other) => other.profile === cell.profile && other.state === cell.state && other.set === cell.set) === index);
}

/** @param {import("./figures.mjs").Spread | undefined} our @param {import("./figures.mjs").Spread | undefined} their */
function ratioOf(our, their) {
  return our && their && our.median / their.median;
}
