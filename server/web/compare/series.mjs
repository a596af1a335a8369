/**
 * The series of runs that choices amount to: each way, with each bytecode, on each kind of visit.
 *
 * @module
 */

/** @typedef {import("./choices.mjs").Choices} Choices */
/** @typedef {import("./measure.mjs").Request} Request */
/** @typedef {import("./measure.mjs").Result} Result */

/**
 * @typedef {object} Series
 * @property {string} id
 * @property {string} label
 * @property {string} visit
 * @property {boolean} bundled one download, not individual wheels
 * @property {Request} request
 * @property {Request} [prime] the visit before
 * @property {Result[]} runs those that count
 * @property {string} [reason] why there are none, or no more
 */

/** @type {Record<string, {label: string, bundled: boolean, bytecode?: boolean, ask: Pick<Request, "mode" | "early">}>} */
const ways = {
  loadPackage: { label: "a loadPackage", bundled: false, ask: { mode: "loadPackage" } },
  "loadPackage-early": { label: "a′ loadPackage, while booting", bundled: false, ask: { mode: "loadPackage", early: true } },
  micropip: { label: "b micropip", bundled: false, ask: { mode: "micropip" } },
  archive: { label: "c archive of wheels", bundled: true, ask: { mode: "archive" } },
  env: { label: "d bundle, stock Pyodide", bundled: true, bytecode: true, ask: { mode: "env" } },
  "env-early": { label: "d′ bundle, while booting", bundled: true, bytecode: true, ask: { mode: "env", early: true } },
  loader: { label: "e bundle, loader", bundled: true, bytecode: true, ask: { mode: "loader" } },
  prefetch: { label: "f bundle, prefetch", bundled: true, bytecode: true, ask: { mode: "prefetch" } },
};

/** @type {Record<string, string>} */
const bytecodes = { off: "", beside: " + bytecode", instead: " as bytecode" };

/** @type {Record<string, string>} */
export const visits = { first: "First visit", second: "Second visit", changed: "After one wheel changed" };

/** @param {Choices} choices @returns {Series[]} */
export function seriesOf(choices) {
  const { r: requirements, c: constraints, import: imports, target, runtime } = choices;
  const common = { requirements, constraints, imports, runtime, ...(target && { target }) };
  const kinds = choices.visit.filter((visit) => Object.hasOwn(visits, visit) && (visit !== "changed" || choices.changed));
  return kinds.flatMap((visit) =>
    choices.mode.filter((mode) => Object.hasOwn(ways, mode)).flatMap((mode) => {
      const { label, bundled, bytecode, ask } = ways[mode];
      const kindsOfCode = bytecode ? choices.bytecode : [undefined];
      return kindsOfCode.map((code) => {
        const request = /** @type {Request} */ ({ ...ask, ...common, ...(code && { bytecode: code }) });
        return {
          id: [visit, mode, code].filter(Boolean).join("-"),
          label: label + (code ? (bytecodes[code] ?? ` ${code}`) : ""),
          visit,
          bundled,
          ...requestsOf(visit, request, choices.changed),
          runs: [],
        };
      });
    }),
  );
}

/** @param {string} visit @param {Request} request @param {string} older @returns {{request: Request, prime?: Request}} */
function requestsOf(visit, request, older) {
  if (visit === "changed") {
    const constraints = [...(request.constraints ?? []), older];
    return { request, prime: { ...request, constraints, had: [] } };
  }
  return { request: { ...request, cold: visit === "first" } };
}
