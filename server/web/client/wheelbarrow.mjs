/**
 * The wheelbarrow loader: installs a requirement set into a running Pyodide from one streamed bundle.
 *
 *     import { install, prefetch } from "https://wheels.example/client/wheelbarrow.mjs";
 *     const ready = prefetch(["numpy", "lxml>=5"]);
 *     const pyodide = await loadPyodide();
 *     await install(pyodide, ready);
 *     pyodide.runPython("import numpy");
 *
 * One request brings the resolved wheels, large extension modules first; where they are so many that no browser would keep the
 * answer, it brings a list of parts, which are then taken in parallel. Files appear in site-packages as their bytes
 * come, and large extension modules begin to load. A wheel's bytes must have the length and the SHA-256 that the
 * bundle's manifest promises, or its files go away again: import after `install` has resolved. A response that is cut
 * short looks complete to `fetch`, so nothing here trusts its end; what is missing is asked for by range.
 * The manifest itself is trusted as far as the connection is, or with `integrity` as far as the bundle's address.
 *
 * Works on a page, in a worker and in Node (18 and later), through Pyodide's public interface only. The files beside
 * this one belong to it.
 *
 * @module
 */

// What the others import, so that a browser asks for all of them at once.
import "./bundle_stream.mjs";
import "./tar.mjs";

import { Download } from "./download.mjs";
import { WheelbarrowError } from "./error.mjs";
import { describeRuntime, Site } from "./site.mjs";

export { WheelbarrowError };

/**
 * What is going on. `loaded` and `total` count the bundle's bytes before compression; `total` is 0 until the
 * manifest has come.
 * @typedef {object} Progress
 * @property {"request" | "download" | "installed" | "load" | "done"} phase "installed": the files of `wheel` are in
 *   place; "load": waiting for large extension modules to be compiled
 * @property {number} loaded
 * @property {number} total
 * @property {string} [wheel] the wheel that is being read, or was installed
 */

/**
 * @typedef {object} PrefetchOptions
 * @property {string | URL} [baseURL] the server; by default the one that this module came from
 * @property {string} [target] what the bundle is for; by default what the runtime says it is, or before there is one,
 *   what the server makes bundles for
 * @property {string} [strip] classes of files to leave out, such as "tests,pyi"; by default none
 * @property {"off" | "beside" | "instead"} [bytecode] byte-compiled modules; by default what the server does
 * @property {boolean} [integrity] compare the whole bundle, or all of its parts, with the SHA-256 in the address, too,
 *   before anything of it is put in place
 * @property {number} [retries] how often in a row a download that broke off is continued, by default 3
 * @property {RequestPriority} [priority] of the requests; that of `prefetch` is "low" by default, so that Pyodide's own
 *   files come first
 * @property {AbortSignal} [signal] gives up; the promise of `install` is then rejected with the signal's reason, and
 *   wheels already reported as "installed" stay
 */

/** @typedef {PrefetchOptions & {onProgress?: (progress: Progress) => void}} Options */

/**
 * @typedef {object} Installation
 * @property {import("./site.mjs").InstalledWheel[]} wheels as they came
 * @property {string} bundle the immutable URL of the whole bundle
 * @property {string} target
 * @property {number} size the bytes of the bundle, or of its parts, before compression
 */

/** A download that goes on by itself until `install` takes it over. */
class Prefetched {
  /**
   * @param {string | string[] | URL} requirements
   * @param {PrefetchOptions} options
   */
  constructor(requirements, options) {
    /** @type {Download | undefined} */
    this.download = new Download(urlOf(requirements, options), options);
    /** Whether it may turn out to be for another runtime than the one that is there in the end. */
    this.isGuess = !(requirements instanceof URL) && !options.target;
    this.requirements = requirements;
    this.options = options;
  }

  /**
   * For the one installation that there can be: files are not copied.
   *
   * @param {AbortSignal | undefined} signal
   */
  take(signal) {
    const { download } = this;
    if (!download) {
      throw new TypeError("installed already: prefetch again");
    }
    this.download = undefined;
    download.follow(signal);
    return download;
  }
}

/**
 * Begins to download what `install` will need, while Pyodide itself is still being loaded. Nothing happens to what is
 * never installed; what goes wrong, `install` says.
 *
 * The bundle is for the server's own target, or the one in `options`.
 *
 * @param {string | string[] | URL} requirements as for `install`
 * @param {PrefetchOptions} [options]
 */
export function prefetch(requirements, options = {}) {
  return new Prefetched(requirements, { priority: "low", ...options });
}

/**
 * Installs `requirements` (PEP 508) and all that they need.
 *
 * A `URL` in their place names what was resolved before and is kept somewhere as a file: a bundle (`<sha256>.tar`), or
 * the JSON of `/resolve`, as `wheelbarrow export` writes it to `sets/`. Then `baseURL` and `target` mean nothing.
 *
 * What `prefetch` returned brings its options along; of those given here, `signal` and `onProgress` count. If no target
 * was named and the runtime turns out to be another than the server's, the right bundle is fetched instead. Installations
 * into one Pyodide take turns, while all of them download.
 *
 * @param {import("./site.mjs").Pyodide} pyodide
 * @param {string | string[] | URL | Prefetched} requirements
 * @param {Options} [options]
 * @returns {Promise<Installation>}
 */
export async function install(pyodide, requirements, options = {}) {
  const { signal, onProgress } = options;
  // First of all, so that a signal ends this download, too.
  const prefetched = requirements instanceof Prefetched && requirements;
  const taken = prefetched && prefetched.take(signal);
  signal?.throwIfAborted();
  const runtime = describeRuntime(pyodide);
  const wanted =
    prefetched || new Prefetched(requirements, { ...options, target: options.target ?? runtime.target });
  let download = taken || wanted.take(signal);
  const { integrity } = wanted.options;
  const site = new Site(pyodide, runtime);
  let address = "";
  let size = 0;
  /** @type {Promise<void>[]} */
  let placing = [];
  /** @type {((value?: unknown) => void) | undefined} */
  let endTurn;
  /** @type {Report} */
  const report = (phase, wheel) => onProgress?.({ phase, loaded: size && download.loaded, total: size, wheel });
  try {
    report("request");
    const look = async () => misfit(await download.manifests(), runtime);
    let problem = await look().catch((error) =>
      wanted.isGuess && error.status < 500 ? error : Promise.reject(error),
    );
    if (problem && wanted.isGuess) {
      download.cancel(problem);
      download = new Prefetched(wanted.requirements, { ...wanted.options, target: runtime.target }).take(signal);
      problem = await look();
    }
    if (problem) {
      throw problem;
    }
    const { bundles, ...arrival } = await download.arrival;
    address = arrival.address;
    const manifests = await download.manifests();
    const before = turns.get(pyodide);
    turns.set(pyodide, new Promise((resolve) => (endTurn = resolve)));
    await before;
    await site.expect(manifests.flatMap(({ wheels }) => wheels));
    size = manifests.reduce((sum, manifest) => sum + manifest.size, 0);
    download.report = (wheel) => report("download", wheel);
    if (integrity) {
      await Promise.all(bundles.map((bundle) => bundle.ended()));
    }
    placing = bundles.map((bundle, i) => place(bundle, manifests[i], { site, report, download }));
    await Promise.all(placing);
    report("load");
    await site.settle();
    download.throwIfCancelled();
    site.announce(address);
    report("done");
    return { wheels: site.wheels, bundle: address, target: manifests[0].target, size };
  } catch (error) {
    download.cancel(error);
    await Promise.allSettled(placing);
    site.undo();
    try {
      site.announce(address);
    } catch {
      // Python itself may be what failed.
    }
    if (error instanceof WheelbarrowError) {
      error.installed = site.wheels;
    }
    throw error;
  } finally {
    endTurn?.();
    download.end();
  }
}

/** The last installation into each Pyodide: two at a time would take each other's files for their own. */
const turns = new WeakMap();

/** @typedef {(phase: Progress["phase"], wheel?: string) => void} Report */

/**
 * Puts a bundle's files in place while they come. While a layer is being checked, the next one is read.
 *
 * @param {import("./bundle_stream.mjs").BundleStream} bundle
 * @param {import("./bundle_stream.mjs").Manifest} manifest
 * @param {{site: Site, report: Report, download: Download}} to
 */
async function place(bundle, manifest, { site, report, download }) {
  /** @type {(wheel: import("./bundle_stream.mjs").ManifestWheel) => Promise<void>} */
  const keep = async (wheel) => {
    download.throwIfCancelled();
    await site.keep(wheel);
    report("installed", wheel.name);
  };
  /** @type {Promise<void>[]} */
  const kept = [];
  try {
    for (const wheel of manifest.wheels) {
      for await (const entry of bundle.entries(wheel)) {
        download.throwIfCancelled();
        site.add(wheel, entry);
      }
      const keeping = bundle.verified(wheel).then(() => keep(wheel));
      keeping.catch((error) => bundle.fail(error));
      kept.push(keeping);
    }
    await bundle.ended();
  } finally {
    // Also after an error: nothing may change behind the caller's back.
    await Promise.allSettled(kept);
  }
  await Promise.all(kept);
}

/**
 * What is in bundles that a runtime can't use. Versions of Pyodide with the same Python and the same platform, which has
 * several tags, run the same wheels.
 *
 * @param {import("./bundle_stream.mjs").Manifest[]} manifests
 * @param {import("./site.mjs").Runtime} runtime
 */
function misfit(manifests, { python, wheels: fitting, target: runtime }) {
  for (const { target, python: version = `${python}.`, wheels } of manifests) {
    const stranger = wheels.find(({ file }) => !fitting.test(file));
    if (stranger || !version.startsWith(`${python}.`)) {
      const why = stranger?.file ?? `Python ${version}`;
      return new WheelbarrowError(`the bundle for ${target} doesn't fit ${runtime}: it has ${why}`);
    }
  }
  return undefined;
}

/**
 * @param {string | string[] | URL} requirements
 * @param {PrefetchOptions} options
 */
function urlOf(requirements, options) {
  return requirements instanceof URL ? requirements : bundleURL(requirements, options);
}

/**
 * @param {string | string[]} requirements
 * @param {PrefetchOptions} options
 */
function bundleURL(requirements, { baseURL, target, strip, bytecode }) {
  const list = (typeof requirements === "string" ? [requirements] : [...requirements]).map((text) => text.trim());
  if (list.length === 0 || list.includes("")) {
    throw new TypeError('name at least one requirement, such as "numpy"');
  }
  const base = new URL(baseURL ?? serverOf(import.meta.url), globalThis.location?.href);
  if (!base.protocol.startsWith("http")) {
    throw new TypeError(`baseURL must be http or https, not ${base.protocol}`);
  }
  base.pathname = base.pathname.replace(/\/?$/, "/");
  const url = new URL("bundle", base);
  // One order for one set, so that the browser's cache sees one URL.
  for (const requirement of [...new Set(list)].sort()) {
    url.searchParams.append("r", requirement);
  }
  for (const [name, value] of Object.entries({ target, strip, bytecode })) {
    if (value) {
      url.searchParams.append(name, value);
    }
  }
  url.searchParams.append("parts", "list");
  return url;
}

/**
 * The server that a module came from, which may live below a prefix. Its files are below `client/`.
 *
 * @param {string} module
 */
function serverOf(module) {
  const { href, pathname } = new URL(module);
  const cut = pathname.lastIndexOf("/client/");
  return new URL(cut < 0 ? "/" : pathname.slice(0, cut + 1), href);
}
