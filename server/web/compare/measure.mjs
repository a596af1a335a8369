/**
 * Measures one way to get a requirement set into Pyodide, from just before `loadPyodide` is called to the last import.
 *
 * @module
 */

import { fetchAs } from "./cache.mjs";
import { Clock } from "./clock.mjs";
import { messageOf, Unavailable, ways } from "./ways.mjs";

/**
 * What is asked.
 * @typedef {object} Request
 * @property {keyof typeof ways} mode
 * @property {string[]} requirements PEP 508
 * @property {string[]} [constraints]
 * @property {string[]} imports modules to import in the end, in this order
 * @property {string} [target] by default the server's, which is that of the Pyodide that it serves
 * @property {"off" | "beside" | "instead"} [bytecode] of bundles; by default what the server does
 * @property {boolean} [cold] a first visit inside a browser that has been here: packages are fetched past its HTTP
 *   cache (`no-store`) and without dictionaries; the runtime, and modules such as the loader, are not
 * @property {string[]} [had] a visit after something changed: the URLs that the visit before fetched. What is not among
 *   them is fetched as if it had never been (`reload`, so dictionaries are offered), the rest as the cache has it
 * @property {boolean} [early] "loadPackage" and "env": the packages are named to `loadPyodide`, which fetches them while
 *   it boots; there is no moment then when the runtime is ready
 * @property {string} [runtime] URL of the Pyodide folder; by default the server's
 * @property {string} [wheels] "loadPackage": URL of another lock file
 * @property {string} [loader] "loader" and "prefetch": URL of another loader
 */

/**
 * What was measured. Times are in milliseconds since just before `loadPyodide` was called.
 * @typedef {object} Result
 * @property {Request["mode"]} mode
 * @property {{modules: number, start: 0, runtimeReady?: number, installed: number, imported: number}} times "modules",
 *   which is negative: when the import of pyodide.mjs and of the loader began
 * @property {import("./clock.mjs").Resource[]} resources
 * @property {import("./clock.mjs").Phase[]} phases
 * @property {{runtime: number, packages: number}} bytes as they came over the network, headers included
 */

/** @typedef {{mode: Request["mode"], unavailable: string}} Absent why this way can't be gone here */
/** @typedef {{mode: Request["mode"], error: string, problem?: any}} Failure `problem` is the server's (RFC 9457) */

/**
 * REQUIRES: nothing was fetched in this worker but its own modules.
 *
 * @param {Request} request
 * @returns {Promise<Result | Absent | Failure>}
 */
export async function measure(request) {
  const { mode } = request;
  try {
    if (!Object.hasOwn(ways, mode)) {
      throw new TypeError(`there is no mode ${mode}; there are ${Object.keys(ways).join(", ")}`);
    }
    const clock = new Clock();
    const way = await ways[mode](request, serverOf(import.meta.url));
    globalThis.fetch = fetchAs(request, (url) => clock.isRuntime(url));
    return { mode, ...(await run(request, way, clock)) };
  } catch (error) {
    return error instanceof Unavailable
      ? { mode, unavailable: error.message }
      : { mode, error: messageOf(error), problem: /** @type {any} */ (error)?.problem };
  }
}

/**
 * @param {Request} request
 * @param {import("./ways.mjs").Way} way
 * @param {Clock} clock
 */
async function run({ imports }, way, clock) {
  clock.runtime = way.folder;
  clock.ownLock = way.ownLock ?? false;
  clock.begin();
  const [{ loadPyodide }, loader] = await Promise.all([
    import(`${way.folder}pyodide.mjs`),
    way.loader && import(way.loader),
  ]);
  clock.start();
  way.before?.(loader);
  const pyodide = await loadPyodide(way.options);
  if (!way.early) {
    clock.mark("runtimeReady");
  }
  await way.install?.(pyodide, loader, clock);
  clock.mark("installed");
  const importlib = pyodide.pyimport("importlib");
  for (const name of imports) {
    const end = clock.open("import", name);
    importlib.import_module(name).destroy();
    end();
  }
  clock.mark("imported");
  return clock.report();
}

/**
 * The server that a module below its `client/` came from, which may live below a prefix.
 *
 * @param {string} module
 */
function serverOf(module) {
  return new URL(module.slice(0, module.lastIndexOf("/client/") + 1));
}
