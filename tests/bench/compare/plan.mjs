// Which cells are measured: a cell is one way to install one set, in one state of the browser, over one link.

/**
 * @typedef {"cold" | "cached" | "warm" | "changed"} State cold: a browser that was never here; cached: one that has the
 *   runtime from this server, but no package; warm: one that did the same before; changed: one that did the same before
 *   one wheel of the set changed
 * @typedef {object} Cell
 * @property {string} profile
 * @property {"h2" | "h1"} protocol
 * @property {State} state
 * @property {string} set
 * @property {string} mode
 * @property {boolean} [devtools] unshaped link, DevTools' throttle
 */

export const states = {
  cold: "first visit",
  cached: "first visit, runtime cached",
  warm: "second visit",
  changed: "visit after one pure wheel changed",
};

const all = [
  "nginx", "wheels", "wheels-early", "micropip", "archive", "env", "loader", "loader-bytecode", "prefetch",
  "prefetch-bytecode",
];
const few = ["nginx", "wheels", "wheels-early", "micropip", "loader", "prefetch", "prefetch-bytecode"];
const rivals = ["wheels", "wheels-early", "micropip", "prefetch", "prefetch-bytecode"];

/** @typedef {{profiles: string[], protocols?: string[], states: string[], sets: string[], modes: string[]}} Block */

/** What goals.mjs judges. @type {Block[]} */
const goals = [
  { profiles: ["none"], states: ["cached"], sets: ["pure", "document", "tiny"], modes: few },
  { profiles: ["fast4g"], states: ["cached"], sets: ["pure", "tiny"], modes: few },
  { profiles: ["fast4g"], states: ["cached"], sets: ["document"], modes: rivals },
  { profiles: ["slow4g"], states: ["cached"], sets: ["pure", "tiny"], modes: rivals },
  { profiles: ["fast4g"], states: ["changed"], sets: ["pure", "document"], modes: ["wheels", "wheels-early", "prefetch"] },
];

/** @type {Block[]} */
const others = [
  { profiles: ["none"], states: ["cached"], sets: ["document"], modes: ["archive", "env", "loader", "prefetch"] },
  { profiles: ["50mbit"], states: ["cached"], sets: ["pure", "document", "tiny"], modes: rivals },
  { profiles: ["50mbit"], states: ["cached"], sets: ["document"], modes: ["nginx", "archive", "env", "loader"] },
  { profiles: ["3g"], states: ["cached"], sets: ["tiny"], modes: rivals },
  { profiles: ["none", "fast4g"], states: ["cached"], sets: ["streamlit"], modes: ["wheels", "prefetch"] },
  { profiles: ["fast4g"], states: ["warm"], sets: ["pure", "document"], modes: ["wheels", "wheels-early", "loader", "prefetch-bytecode"] },
  { profiles: ["fast4g"], states: ["cold"], sets: ["pure", "document"], modes: ["wheels", "wheels-early", "prefetch-bytecode"] },
  { profiles: ["fast4g"], protocols: ["h1"], states: ["cached"], sets: ["document", "tiny"], modes: ["wheels", "loader"] },
];

/**
 * "goals" takes some 4 minutes a round, "others" some 5.
 *
 * @type {Record<string, Block[]>}
 */
export const plans = { goals, others, all: [...goals, ...others] };

/** What is taken where the command line names something, but not this. */
const usual = { profiles: ["fast4g"], protocols: ["h2"], states: ["cached"], sets: ["pure", "document", "tiny"], modes: all };

/**
 * A plan's cells, or, if the command line names anything, every combination of what it names.
 *
 * @param {string} name of the plan
 * @param {{profiles?: string[], protocols?: string[], states?: string[], sets?: string[], modes?: string[]}} named
 * @param {boolean} devtools once more with DevTools' throttle in the link's place
 * @returns {Cell[]}
 */
export function plan(name, named, devtools = false) {
  const wish = Object.fromEntries(Object.entries(named).filter(([, names]) => names !== undefined));
  const used = Object.keys(wish).length === 0 ? plans[name] : [wish];
  const cells = used.flatMap((block) => expand({ ...usual, ...block }));
  const again = devtools ? cells.filter(({ profile }) => profile !== "none") : [];
  return [...cells, ...again.map((cell) => ({ ...cell, devtools: true }))];
}

/** @param {any} block @returns {Cell[]} */
function expand({ profiles, protocols, states, sets, modes }) {
  const cells = [];
  for (const profile of profiles) {
    for (const protocol of protocols) {
      for (const state of states) {
        for (const set of sets) {
          for (const mode of modes) {
            cells.push({ profile, protocol, state, set, mode });
          }
        }
      }
    }
  }
  return cells;
}

/**
 * The order of a round: link by link, and within each set another mode first each time.
 *
 * @template {Cell} T
 * @param {T[]} cells
 * @param {number} round
 */
export function order(cells, round) {
  /** @type {Map<string, T[]>} */
  const groups = new Map();
  for (const cell of cells) {
    const { profile, protocol, state, set, devtools } = cell;
    const name = [profile, protocol, state, set, devtools].join();
    groups.set(name, [...(groups.get(name) ?? []), cell]);
  }
  return [...groups.values()].flatMap((group) => group.map((_, index) => group[(index + round) % group.length]));
}
