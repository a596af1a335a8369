/**
 * The ways to get a requirement set into Pyodide that are compared. What is not part of a visit, such as asking which
 * bundle a set is, is done before the measurement begins.
 *
 * @module
 */

/** @typedef {import("./measure.mjs").Request} Request */

/** Why a way can't be gone here. */
export class Unavailable extends Error {}

/**
 * @typedef {object} Way
 * @property {string} folder URL of the Pyodide folder
 * @property {boolean} [ownLock] the folder's lock file is made for the packages
 * @property {any} [options] of loadPyodide
 * @property {boolean} [early] loadPyodide does it all
 * @property {string} [loader] a module that is imported with pyodide.mjs
 * @property {(loader: any) => void} [before] called just before loadPyodide
 * @property {(pyodide: any, loader: any, clock: import("./clock.mjs").Clock) => Promise<unknown>} [install]
 */

/** @satisfies {Record<string, (request: Request, server: URL) => Way | Promise<Way>>} */
export const ways = { loadPackage, micropip, archive, env, loader, prefetch };

/** Individual wheels, by Pyodide's own package loader. @param {Request} request @param {URL} server @returns {Way} */
function loadPackage(request, server) {
  const { requirements, early = false } = request;
  const lockFileURL = request.wheels ? absolute(request.wheels, server) : question("pyodide-lock.json", request, server).href;
  return byName(runtimeOf(request, server), requirements.map(projectOf), early, { lockFileURL });
}

/** Individual wheels by micropip and an index. @param {Request} request @param {URL} server @returns {Promise<Way>} */
async function micropip(request, server) {
  const lock = new URL("pyodide-lock.json?r=micropip", server);
  const answer = await fetch(lock);
  if (!answer.ok) {
    throw new Unavailable(`micropip itself can't be had from this server: ${(await problemOf(answer)).message}`);
  }
  return {
    folder: runtimeOf(request, server),
    options: { lockFileURL: lock.href },
    install: async (pyodide) => {
      await pyodide.loadPackage("micropip", quiet);
      const installer = pyodide.pyimport("micropip");
      const { requirements, constraints = [] } = request;
      await installer.install.callKwargs(pyodide.toPy(requirements), {
        index_urls: new URL("simple", server).href,
        constraints: pyodide.toPy(constraints),
      });
    },
  };
}

/** One archive of the wheel files, each unpacked by Pyodide. @param {Request} request @param {URL} server @returns {Way} */
function archive(request, server) {
  const url = question("bundle", request, server, { format: "wheels" });
  return {
    folder: runtimeOf(request, server),
    install: async (pyodide, _, clock) => {
      const answer = await fetch(url);
      if (!answer.ok) {
        throw await problemOf(answer);
      }
      const tar = await answer.arrayBuffer();
      const end = clock.open("unpack");
      const folder = "/tmp/wheels";
      pyodide.unpackArchive(tar, "tar", { extractDir: folder });
      const site = pyodide.runPython("import sysconfig; sysconfig.get_path('purelib')");
      for (const { file } of JSON.parse(pyodide.FS.readFile(`${folder}/wheelbarrow.json`, { encoding: "utf8" })).wheels) {
        pyodide.unpackArchive(pyodide.FS.readFile(`${folder}/${file}`), "wheel", { extractDir: site });
      }
      pyodide.runPython("import importlib; importlib.invalidate_caches()");
      end();
    },
  };
}

/** One bundle, by stock Pyodide from a folder of its own. @param {Request} request @param {URL} server @returns {Promise<Way>} */
async function env(request, server) {
  // The bundle's name says everything, constraints and bytecode too.
  const answer = await fetch(question("bundle", request, server, { bytecode: request.bytecode }), { method: "HEAD" });
  if (!answer.ok) {
    throw await problemOf(await fetch(answer.url));
  }
  const [, hash] = /bundles\/([0-9a-f]{64})/.exec(answer.headers.get("Content-Location") ?? "") ?? [];
  const way = byName(new URL(`env/${hash}/`, server).href, ["bundle"], request.early ?? false, {});
  return { ...way, ownLock: true };
}

/** One bundle, by wheelbarrow's loader. @param {Request} request @param {URL} server @returns {Way} */
function loader(request, server) {
  return {
    folder: runtimeOf(request, server),
    loader: absolute(request.loader ?? "client/wheelbarrow.mjs", server),
    install: (pyodide, { install }) => install(pyodide, ...forLoader(request, server)),
  };
}

/** The same, begun before Pyodide boots. @param {Request} request @param {URL} server @returns {Way} */
function prefetch(request, server) {
  /** @type {any} */
  let ready;
  return {
    ...loader(request, server),
    before: ({ prefetch: begin }) => {
      if (begin === undefined) {
        throw new Unavailable("this server's loader has no prefetch()");
      }
      ready = begin(...forLoader(request, server));
    },
    install: (pyodide, { install }) => install(pyodide, ready),
  };
}

/**
 * What the loader is called with. It knows no constraints, so a set that has some is named by its URL.
 *
 * @param {Request} request
 * @param {URL} server
 * @returns {[string[] | URL, object]}
 */
function forLoader(request, server) {
  const { requirements, constraints = [], target, bytecode } = request;
  return constraints.length > 0
    ? [question("bundle", request, server, { bytecode, parts: "list" }), {}]
    : [requirements, { baseURL: server.href, target, bytecode }];
}

/**
 * Packages of a lock file, loaded by their names.
 *
 * @param {string} folder
 * @param {string[]} names
 * @param {boolean} early
 * @param {object} options
 * @returns {Way}
 */
function byName(folder, names, early, options) {
  return early
    ? { folder, early, options: { ...options, packages: names } }
    : { folder, options, install: (pyodide) => loadAll(pyodide, names) };
}

/** Pyodide only logs what it fails to load. @param {any} pyodide @param {string[]} names */
async function loadAll(pyodide, names) {
  /** @type {string[]} */
  const failures = [];
  await pyodide.loadPackage(names, { ...quiet, errorCallback: (/** @type {string} */ text) => failures.push(text) });
  if (failures.length > 0) {
    throw new Error(failures.join("\n"));
  }
}

const quiet = { messageCallback() {} };

/** @param {Request} request @param {URL} server */
function runtimeOf({ runtime = "pyodide/" }, server) {
  const url = absolute(runtime, server);
  return url.endsWith("/") ? url : `${url}/`;
}

/** @param {string} url @param {URL} server */
function absolute(url, server) {
  return new URL(url, server).href;
}

/**
 * The URL that asks for a requirement set.
 *
 * @param {string} path
 * @param {Request} request
 * @param {URL} server
 * @param {Record<string, string | undefined>} [more]
 */
function question(path, { requirements, constraints = [], target }, server, more = {}) {
  const url = new URL(path, server);
  requirements.forEach((text) => url.searchParams.append("r", text));
  constraints.forEach((text) => url.searchParams.append("c", text));
  for (const [name, value] of Object.entries({ target, ...more })) {
    if (value) {
      url.searchParams.append(name, value);
    }
  }
  return url;
}

/** The project that a requirement names, in its one spelling (PEP 503). @param {string} requirement */
export function projectOf(requirement) {
  const [name = requirement] = /^\s*[A-Za-z0-9][A-Za-z0-9._-]*/.exec(requirement) ?? [];
  return name.trim().replace(/[-_.]+/g, "-").toLowerCase();
}

/** What the server refused, as an error. @param {Response} answer */
export async function problemOf(answer) {
  const problem = await answer.json().catch(() => undefined);
  const error = new Error(problem?.detail ?? `${answer.url} answered ${answer.status}`);
  return Object.assign(error, { problem });
}

/** @param {unknown} error */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
