/**
 * The wheelbarrow loader: installs a requirement set into a running Pyodide from one streamed bundle.
 *
 *     import { install } from "https://wheels.example/client/wheelbarrow.mjs";
 *     await install(pyodide, ["numpy", "lxml>=5"]);
 *     pyodide.runPython("import numpy");
 *
 * One request brings the resolved wheels, large extension modules first; where they are so many that no browser would
 * keep the answer, it brings a list of parts, which are taken in parallel. Each wheel's files appear in site-packages once
 * its bytes have the length and the SHA-256 that the bundle's manifest promises, and all at once: a wheel is there
 * wholly or not at all. A response that is cut short looks complete to `fetch`, so nothing here trusts its end.
 * The manifest itself is trusted as far as the connection is.
 *
 * Works on a page, in a worker and in Node (18 and later), through Pyodide's public interface only. The files beside
 * this one belong to it.
 *
 * @module
 */

import { checkPart, isList, readList } from "./bundle_list.mjs";
import { BundleStream, verifyLayer } from "./bundle_stream.mjs";
import { messageOf, WheelbarrowError } from "./error.mjs";
import { chooseFiles, unpacked } from "./gzip_file.mjs";
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
 * @typedef {object} Options
 * @property {string | URL} [baseURL] the server; by default the one that this module came from
 * @property {string} [target] what the bundle is for; by default what the runtime says it is
 * @property {string} [strip] classes of files to leave out, such as "tests,pyi"; by default none
 * @property {"off" | "beside" | "instead"} [bytecode] byte-compiled modules; by default what the server does
 * @property {(progress: Progress) => void} [onProgress]
 * @property {AbortSignal} [signal] gives the installation up; the promise is then rejected with the signal's
 *   reason, and wheels already reported as "installed" stay
 */

/**
 * @typedef {object} Installation
 * @property {import("./site.mjs").InstalledWheel[]} wheels as they came
 * @property {string} bundle the immutable URL of the whole bundle
 * @property {string} target
 * @property {number} size the bytes of the bundle, or of its parts, before compression
 */

/**
 * Installs `requirements` (PEP 508) and all that they need.
 *
 * A `URL` in their place names what was resolved before and is kept somewhere as a file: a bundle (`<sha256>.tar`), or
 * the JSON of `/resolve`, as `wheelbarrow export` writes it to `sets/`. Then `baseURL` and `target` mean nothing.
 *
 * @param {import("./site.mjs").Pyodide} pyodide
 * @param {string | string[] | URL} requirements
 * @param {Options} [options]
 * @returns {Promise<Installation>}
 */
export async function install(pyodide, requirements, options = {}) {
  const { signal, onProgress } = options;
  /** @type {Report} */
  const report = (phase, loaded, total, wheel) => onProgress?.({ phase, loaded, total, wheel });
  signal?.throwIfAborted();
  const runtime = describeRuntime(pyodide);
  const url =
    requirements instanceof URL
      ? requirements
      : bundleURL(requirements, { ...options, target: options.target ?? runtime.target });

  report("request", 0, 0);
  const response = await request(url, signal);
  const site = new Site(pyodide, runtime);
  try {
    const { address, target, size } = await (isList(response) ? receiveListed : receiveWhole)(
      response, site, report, signal,
    );
    report("load", size, size);
    await site.settle();
    signal?.throwIfAborted();
    site.announce(address);
    report("done", size, size);
    return { wheels: site.wheels, bundle: address, target, size };
  } catch (error) {
    site.refresh();
    signal?.throwIfAborted();
    if (error instanceof WheelbarrowError) {
      error.installed = site.wheels;
    }
    throw error;
  }
}

/** @typedef {(phase: Progress["phase"], loaded: number, total: number, wheel?: string) => void} Report */
/** @typedef {{address: string, target: string, size: number}} Received */

/**
 * @param {Response} response
 * @param {Site} site
 * @param {Report} report
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<Received>}
 */
async function receiveWhole(response, site, report, signal) {
  const { size, target } = await receive(response, site, report, signal);
  return { address: new URL(response.headers.get("Content-Location") ?? "", response.url).href, target, size };
}

/**
 * Takes the parts that a list names, all at the same time.
 *
 * @param {Response} response
 * @param {Site} site
 * @param {Report} report
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<Received>}
 */
async function receiveListed(response, site, report, signal) {
  const { address, target, parts } = await readList(response);
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  const loaded = parts.map(() => 0);
  const files = await chooseFiles(parts, signal);
  signal?.throwIfAborted();
  // Ends what is under way when one part fails, or when the caller gives up.
  const giveUp = new AbortController();
  const follow = () => giveUp.abort(signal?.reason);
  signal?.addEventListener("abort", follow);
  const receiving = parts.map(async (part, i) => {
    const manifest = await receive(
      await request(files[i], giveUp.signal),
      site,
      (phase, position, _, wheel) => {
        loaded[i] = position;
        report(phase, loaded.reduce((sum, each) => sum + each), size, wheel);
      },
      giveUp.signal,
      part,
    );
    loaded[i] = manifest.size;
  });
  try {
    await Promise.all(receiving);
  } catch (error) {
    giveUp.abort(error);
    throw error;
  } finally {
    // Also after an error: nothing may change behind the caller's back.
    await Promise.allSettled(receiving);
    signal?.removeEventListener("abort", follow);
  }
  return { address, target, size };
}

/**
 * Reads a bundle to its end. While a layer is being checked and put in place, the next one downloads.
 *
 * @param {Response} response
 * @param {Site} site
 * @param {Report} report
 * @param {AbortSignal | undefined} signal
 * @param {import("./bundle_list.mjs").Part} [expected] what a list says of this bundle
 */
async function receive(response, site, report, signal, expected) {
  const body = /** @type {ReadableStream<Uint8Array<ArrayBuffer>>} */ (response.body);
  const bundle = new BundleStream(expected?.gzip ? await unpacked(body) : body);
  try {
    const manifest = await bundle.readManifest();
    if (expected) {
      checkPart(expected, manifest);
    }
    site.expect(manifest.wheels);
    await placeLayers(bundle, manifest, site, report, signal);
    return manifest;
  } catch (error) {
    await bundle.cancel(error);
    throw error;
  }
}

/**
 * @param {BundleStream} bundle
 * @param {import("./bundle_stream.mjs").Manifest} manifest
 * @param {Site} site
 * @param {Report} report
 * @param {AbortSignal | undefined} signal
 */
async function placeLayers(bundle, manifest, site, report, signal) {
  /** @type {(wheel: import("./bundle_stream.mjs").ManifestWheel, layer: Uint8Array<ArrayBuffer>) => Promise<void>} */
  const place = async (wheel, layer) => {
    await verifyLayer(wheel, layer);
    signal?.throwIfAborted();
    site.place(wheel, layer);
    report("installed", wheel.offset + wheel.size, manifest.size, wheel.name);
  };

  let placing = Promise.resolve();
  try {
    for (const wheel of manifest.wheels) {
      const layer = await bundle.readLayer(wheel, (loaded) => report("download", loaded, manifest.size, wheel.name));
      await placing;
      placing = place(wheel, layer);
      // It is awaited above or below; until then a failure must not count as unhandled.
      placing.catch(() => {});
    }
    await bundle.readEnd();
  } finally {
    // Also after an error: nothing may change behind the caller's back.
    await placing;
  }
}

/**
 * @param {string | string[]} requirements
 * @param {Options} options
 */
function bundleURL(requirements, { baseURL, target, strip, bytecode }) {
  const list = (typeof requirements === "string" ? [requirements] : [...requirements]).map((text) => text.trim());
  if (list.length === 0 || list.includes("")) {
    throw new TypeError('name at least one requirement, such as "numpy" or "lxml>=5"');
  }
  const base = new URL(baseURL ?? serverOf(import.meta.url), globalThis.location?.href);
  if (!base.protocol.startsWith("http")) {
    throw new TypeError(`baseURL must name a wheelbarrow server (http or https), not ${base.protocol}`);
  }
  if (!base.pathname.endsWith("/")) {
    base.pathname += "/";
  }
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

/**
 * @param {URL} url
 * @param {AbortSignal | undefined} signal
 */
async function request(url, signal) {
  let response;
  try {
    response = await fetch(url, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw new WheelbarrowError(`no answer from ${url.origin}: ${messageOf(error)}`, { cause: error });
  }
  if (response.ok && response.body) {
    return response;
  }
  const text = await response.text();
  let problem;
  if (/\bjson\b/.test(response.headers.get("Content-Type") ?? "")) {
    try {
      problem = JSON.parse(text);
    } catch {
      // Not a problem document after all; the status says enough.
    }
  }
  throw new WheelbarrowError(problem?.detail ?? `${url.origin} answered ${response.status} ${response.statusText}`, {
    status: response.status,
    problem,
  });
}

