/**
 * Gets bundles from a server: asks for them, reads them by itself, and goes on where a connection broke off.
 *
 * @module
 */

import { BundleStream } from "./bundle_stream.mjs";
import { because, WheelbarrowError } from "./error.mjs";

/** @typedef {import("./bundle_stream.mjs").Manifest} Manifest */

/** A bundle's immutable address. */
const hashed = /([0-9a-f]{64})\.tar$/;

/**
 * What an answer brings.
 * @typedef {object} Arrival
 * @property {string} address the immutable URL of the whole bundle
 * @property {BundleStream[]} bundles it, or its parts
 */

/**
 * @typedef {object} DownloadOptions
 * @property {number} [retries]
 * @property {boolean} [integrity]
 * @property {RequestPriority} [priority]
 * @property {AbortSignal} [signal]
 */

export class Download {
  /** Called when bytes of a wheel have come. @type {(wheel: string) => void} */
  report = () => {};
  /** @type {Promise<Arrival>} */
  arrival;
  /** @type {BundleStream[]} */
  #bundles = [];
  #stop = new AbortController();
  /** Ends the listening to the callers' signals. */
  #over = new AbortController();
  #options;

  /**
   * Begins to download. What goes wrong is said to those who wait for what doesn't come.
   *
   * @param {URL} url
   * @param {DownloadOptions} options
   */
  constructor(url, options) {
    this.#options = options;
    this.follow(options.signal);
    this.arrival = this.#start(url);
    this.arrival.catch(() => {});
  }

  /** Gives up when the signal says so. @param {AbortSignal | undefined} signal */
  follow(signal) {
    const giveUp = () => this.cancel(signal?.reason);
    if (signal?.aborted) {
      giveUp();
    }
    signal?.addEventListener("abort", giveUp, { signal: this.#over.signal });
  }

  /** @param {unknown} reason */
  cancel(reason) {
    this.#over.abort();
    this.#stop.abort(reason);
    this.#bundles.forEach((bundle) => bundle.fail(reason));
  }

  /** Once nobody will give up any more. */
  end() {
    this.#over.abort();
  }

  throwIfCancelled() {
    this.#stop.signal.throwIfAborted();
  }

  /** Bytes so far. */
  get loaded() {
    return this.#bundles.reduce((sum, bundle) => sum + bundle.position, 0);
  }

  /** Waits for the first bytes of all bundles. */
  async manifests() {
    const { bundles } = await this.arrival;
    return Promise.all(bundles.map((bundle) => bundle.manifest()));
  }

  /**
   * @param {URL} url
   * @returns {Promise<Arrival>}
   */
  async #start(url) {
    const { signal } = this.#stop;
    const response = await this.#request(url);
    const Hash = this.#options.integrity ? (await import("./sha256.mjs")).Sha256 : undefined;
    /** @type {string} */
    let address;
    if (isList(response)) {
      const { checkPart, readList } = await import("./bundle_list.mjs");
      const list = await readList(response).catch(because("the list of parts"));
      address = list.address;
      // Only static hosts name gzip files.
      const gzip = list.parts[0].gzip ? await import("./gzip_file.mjs") : undefined;
      const files = (await gzip?.chooseFiles(list.parts, signal)) ?? list.parts.map(({ url }) => new URL(url));
      this.#bundles = list.parts.map((part, i) => {
        const answer = () => this.#request(files[i]);
        const check = (/** @type {Manifest} */ manifest) => checkPart(part, manifest);
        return this.#read(answer, part.url, Hash, { check, unpacked: gzip?.unpacked });
      });
    } else {
      address = new URL(response.headers.get("Content-Location") ?? "", response.url).href;
      this.#bundles = [this.#read(() => response, address, Hash)];
    }
    if (signal.aborted) {
      this.cancel(signal.reason);
    }
    return { address, bundles: this.#bundles };
  }

  /** @param {URL} url */
  #request(url) {
    return request(url, { signal: this.#stop.signal, priority: this.#options.priority });
  }

  /**
   * @param {() => Response | Promise<Response>} answer
   * @param {string} address
   * @param {(new () => import("./bundle_stream.mjs").Hash) | undefined} Hash
   * @param {object} [details]
   * @param {(manifest: Manifest) => string | undefined} [details.check]
   * @param {typeof import("./gzip_file.mjs").unpacked} [details.unpacked] what to do with the body
   */
  #read(answer, address, Hash, { check, unpacked } = {}) {
    const expected = hashed.exec(address)?.[1];
    if (Hash && expected === undefined) {
      throw new WheelbarrowError(`the integrity of ${address} can't be checked: its name is not its SHA-256`);
    }
    const open = async () => {
      const body = /** @type {ReadableStream<Uint8Array<ArrayBuffer>>} */ ((await answer()).body);
      const retries = expected === undefined ? 0 : (this.#options.retries ?? 3);
      return bodyOf((await unpacked?.(body).catch(brokenOff)) ?? body, address, retries, this.#stop.signal);
    };
    const integrity = Hash && { hash: new Hash(), expected: expected ?? "" };
    return new BundleStream(open(), { check, report: (wheel) => this.report(wheel), integrity });
  }
}

/**
 * A bundle's bytes, of as many answers as it takes.
 *
 * @param {ReadableStream<Uint8Array<ArrayBuffer>>} stream
 * @param {string} address names these very bytes
 * @param {number} retries
 * @param {AbortSignal} signal
 * @returns {import("./bundle_stream.mjs").Source}
 */
function bodyOf(stream, address, retries, signal) {
  let reader = stream.getReader();
  // How often in a row it was tried to go on, without bytes worth mentioning between.
  let tried = 0;
  let brokenAt = 0;
  // Bytes of this answer that are there already.
  let skip = 0;
  // A stream that has failed already fails again here.
  const cancel = (/** @type {unknown} */ reason) => reader.cancel(reason).catch(() => {});

  const read = async () => {
    for (;;) {
      const { done, value } = await reader.read().catch(brokenOff);
      if (done || value.length > skip) {
        const rest = value?.subarray(skip);
        skip = 0;
        return rest;
      }
      skip -= value.length;
    }
  };

  // With a Range field, fetch asks for the bytes as they are, whatever coding they had before; so positions are those
  // in the bundle.
  const resume = async (/** @type {number} */ position) => {
    if (position - brokenAt >= progress) {
      tried = 0;
    }
    brokenAt = position;
    await cancel(undefined);
    while (tried < retries && !signal.aborted) {
      await pause(250 * 2 ** tried++, signal);
      const headers = { Range: `bytes=${position}-` };
      // What broke off may be in the cache as if it were whole.
      const response = await fetch(address, { headers, signal, cache: "no-store" }).catch(() => undefined);
      const { status = 0, body } = response ?? {};
      if (body && (status === 200 || (status === 206 && startsAt(response, position)))) {
        reader = body.getReader();
        skip = status === 200 ? position : 0;
        return true;
      }
      await body?.cancel();
      if (status && status < 500 && ![408, 429].includes(status)) {
        break;
      }
    }
    return false;
  };
  return { read, resume, cancel };
}

const brokenOff = /* @__PURE__ */ because("the connection broke off");

/** So many bytes are worth new attempts. */
const progress = 1_048_576;

/**
 * Whether a range is the one that was asked for, as far as another origin lets see; the layers' SHA-256 tells anyway.
 *
 * @param {Response | undefined} response
 * @param {number} position
 */
function startsAt(response, position) {
  const range = response?.headers.get("Content-Range");
  return (!range || range.startsWith(`bytes ${position}-`)) && !response?.headers.get("Content-Encoding");
}

/** @param {Response} response */
function isList(response) {
  return isJSON(response) || new URL(response.url).pathname.endsWith(".json");
}

/** @param {Response} response */
function isJSON(response) {
  return /\bjson\b/.test(response.headers.get("Content-Type") ?? "");
}

/**
 * @param {number} milliseconds
 * @param {AbortSignal} signal
 */
function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", resolve, { once: true });
  });
}

/**
 * @param {URL} url
 * @param {RequestInit & {signal: AbortSignal}} init
 */
async function request(url, init) {
  const response = await fetch(url, init).catch((error) => {
    init.signal.throwIfAborted();
    return because(`no answer from ${url.origin}`)(error);
  });
  if (response.ok && response.body) {
    return response;
  }
  const { status, statusText } = response;
  const problem = isJSON(response) ? await response.json().catch(() => undefined) : undefined;
  throw new WheelbarrowError(problem?.detail ?? `${url.origin} answered ${status} ${statusText}`, { status, problem });
}
