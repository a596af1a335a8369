/**
 * Reads a bundle while it arrives: the manifest, then each wheel's layer, whose length and SHA-256 are those of the
 * manifest, then the end. A body that was cut short looks complete to `fetch`, so nothing here trusts where the stream
 * ends. Reading runs by itself and keeps what has come; whoever wants the files follows behind, from the beginning or
 * in the middle. Knows nothing of Pyodide.
 *
 * A bundle is a POSIX ustar file. Its first entry is the manifest, `wheelbarrow.json`. The layers follow without a
 * gap, each a whole number of 512-byte blocks; two blocks of zeros end it.
 *
 * @module
 */

import { WheelbarrowError } from "./error.mjs";
import { layerEntries, padded, parseHeader } from "./tar.mjs";

/**
 * A wheel as the manifest lists it.
 * @typedef {object} ManifestWheel
 * @property {string} name
 * @property {string} version
 * @property {string} file the wheel's file name
 * @property {number} offset first byte of the wheel's layer in the tar
 * @property {number} size the layer's bytes, a multiple of 512
 * @property {string} sha256 of the layer, in hexadecimal digits
 * @property {string[]} [extension_modules] their paths
 */

/**
 * @typedef {object} Manifest
 * @property {number} format
 * @property {string} kind
 * @property {string} target
 * @property {string} [python] the version of the target's Python
 * @property {number} size the whole tar's bytes
 * @property {ManifestWheel[]} wheels those with large extension modules first
 */

/**
 * Where the bytes come from.
 * @typedef {object} Source
 * @property {() => Promise<Uint8Array | undefined>} read the next bytes; nothing at the end, which may come too early
 * @property {(position: number) => Promise<boolean>} resume goes on at a byte of the bundle; false if that can't be
 * @property {(reason: unknown) => Promise<void>} cancel
 */

/** Of a stream of bytes, in hexadecimal digits. @typedef {{update(bytes: Uint8Array): void, digest(): string}} Hash */

/** The end of a tar file: two blocks of zeros. */
const endMarkerSize = 1024;

/** Far above what thousands of wheels need, and small enough to be refused before it hurts. */
const maxManifestSize = 0x4000000;

/** Likewise: no browser has that much memory. */
const maxLayerSize = 1e11;

export class BundleStream {
  /** Bytes read so far. */
  position = 0;
  /** @type {Manifest | undefined} */
  #manifest;
  /** From when the first of their bytes is there. @type {Map<ManifestWheel, Uint8Array<ArrayBuffer>>} */
  #layers = new Map();
  /** Of whole layers, whether they are right. @type {Map<ManifestWheel, Promise<void>>} */
  #checks = new Map();
  #ended = false;
  /** @type {{reason: unknown} | undefined} */
  #failure;
  /** Called when any of the above has changed. @type {(() => void)[]} */
  #waiting = [];
  /** What the last chunk held beyond what was asked for. @type {Uint8Array} */
  #rest = new Uint8Array(0);
  /** @type {Source | undefined} */
  #source;
  #options;

  /**
   * Begins to read. What goes wrong is said to those who wait for what doesn't come.
   *
   * A reader that fills the caller's buffers (BYOB) would save one copy; it was no faster in Chromium, twenty times
   * slower in Node, and is missing elsewhere.
   *
   * @param {Promise<Source>} source
   * @param {object} [options]
   * @param {(manifest: Manifest) => string | undefined} [options.check] says what is wrong with a manifest
   * @param {(wheel: string) => void} [options.report] called when bytes of a wheel came
   * @param {{hash: Hash, expected: string}} [options.integrity] the SHA-256 that the whole bundle must have
   */
  constructor(source, options = {}) {
    this.#options = options;
    this.#run(source).catch((error) => this.fail(error));
  }

  /** Ends the reading; the first reason counts. @param {unknown} reason */
  fail(reason) {
    this.#failure ??= { reason };
    this.#source?.cancel(reason);
    this.#wake();
  }

  /** @returns {Promise<Manifest>} */
  manifest() {
    return this.#until(() => this.#manifest);
  }

  /**
   * A wheel's files, each as soon as it is complete. Only `verified` says whether their bytes are right.
   *
   * @param {ManifestWheel} wheel
   * @returns {AsyncGenerator<import("./tar.mjs").Entry>}
   */
  async *entries(wheel) {
    const layer = await this.#until(() => this.#layers.get(wheel));
    const isThere = (/** @type {number} */ size) => this.position >= wheel.offset + size;
    try {
      yield* layerEntries(layer, (size) => (isThere(size) ? undefined : this.#until(() => isThere(size))));
    } catch (error) {
      // That the bytes are not the sender's is the better explanation.
      await this.verified(wheel);
      throw error;
    }
  }

  /** Waits for the whole layer and its SHA-256. @param {ManifestWheel} wheel */
  verified(wheel) {
    return this.#until(() => this.#checks.get(wheel));
  }

  /** Waits for the end, and for the integrity of the whole. */
  ended() {
    return this.#until(() => this.#ended);
  }

  /**
   * Waits for something to be true. What is there already counts, also after a failure.
   *
   * @template T
   * @param {() => T | Promise<T> | undefined | false} get
   * @returns {Promise<T>}
   */
  async #until(get) {
    for (;;) {
      const found = get();
      if (found) {
        return found;
      }
      if (this.#failure) {
        throw this.#failure.reason;
      }
      await new Promise((/** @type {(value?: unknown) => void} */ resolve) => this.#waiting.push(resolve));
    }
  }

  #wake() {
    this.#waiting.splice(0).forEach((resolve) => resolve());
  }

  /** @param {Promise<Source>} source */
  async #run(source) {
    this.#source = await source;
    const manifest = await this.#readManifest();
    const wrong = this.#options.check?.(manifest);
    if (wrong) {
      throw new WheelbarrowError(wrong);
    }
    this.#manifest = manifest;
    this.#wake();
    for (const wheel of manifest.wheels) {
      const layer = new Uint8Array(wheel.size);
      this.#layers.set(wheel, layer);
      await this.#fill(layer, () => {
        this.#options.report?.(wheel.name);
        this.#wake();
      });
      // While it is checked, the next one comes.
      const check = verifyLayer(wheel, layer);
      check.catch((error) => this.fail(error));
      this.#checks.set(wheel, check);
      this.#wake();
    }
    await this.#readEnd();
    this.#ended = true;
    this.#wake();
  }

  /**
   * Reads the first entry and checks that the layers it lists fill the tar without a gap.
   *
   * @returns {Promise<Manifest>}
   */
  async #readManifest() {
    const header = parseHeader(await this.#fill(new Uint8Array(512)), 0);
    if (header?.type !== "0" || header.name !== "wheelbarrow.json" || header.size > maxManifestSize) {
      throw new WheelbarrowError("the answer is not a bundle");
    }
    const bytes = await this.#fill(new Uint8Array(padded(header.size)));
    /** @type {any} */
    let manifest;
    try {
      manifest = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, header.size)));
    } catch (error) {
      throw new WheelbarrowError("the bundle is damaged: its manifest is not JSON", { cause: error });
    }
    checkManifest(manifest, this.position);
    return manifest;
  }

  async #readEnd() {
    if ((await this.#fill(new Uint8Array(endMarkerSize))).some((byte) => byte !== 0)) {
      throw new WheelbarrowError("the bundle is damaged: its end is gone");
    }
    // A connection that breaks off here has brought everything.
    if (this.#rest.length > 0 || (await this.#read().catch(() => undefined))) {
      throw new WheelbarrowError("the bundle is damaged: it goes on after its end");
    }
    const { integrity } = this.#options;
    const found = integrity?.hash.digest();
    if (found !== integrity?.expected) {
      throw new WheelbarrowError(`the bundle is damaged: its SHA-256 is ${found}, not ${integrity?.expected}`);
    }
  }

  /**
   * Fills a buffer with the next bytes.
   *
   * @param {Uint8Array<ArrayBuffer>} buffer
   * @param {() => void} [report]
   */
  async #fill(buffer, report) {
    for (let filled = 0; filled < buffer.length; ) {
      if (this.#rest.length === 0) {
        this.#rest = await this.#next(buffer.length - filled);
      }
      const part = this.#rest.subarray(0, buffer.length - filled);
      buffer.set(part, filled);
      this.#options.integrity?.hash.update(part);
      filled += part.length;
      this.position += part.length;
      this.#rest = this.#rest.subarray(part.length);
      report?.();
    }
    return buffer;
  }

  /** The next bytes that the source has; nothing at its end. */
  async #read() {
    for (;;) {
      const chunk = await this.#source?.read();
      if (chunk?.length !== 0) {
        return chunk;
      }
    }
  }

  /**
   * The next bytes, if need be of a download that begins anew where the last one ended.
   *
   * @param {number} missing at least so many are still to come
   * @returns {Promise<Uint8Array>}
   */
  async #next(missing) {
    for (;;) {
      /** @type {unknown} */
      let failure;
      try {
        const chunk = await this.#read();
        if (chunk) {
          return chunk;
        }
        failure = new WheelbarrowError(
          `the bundle was cut short: ${this.position} bytes came, at least ${missing} are missing`,
        );
      } catch (error) {
        failure = error;
      }
      if (this.#failure || !(await this.#source?.resume(this.position))) {
        throw failure;
      }
    }
  }
}

/**
 * @param {any} manifest
 * @param {number} first where the first layer begins
 */
function checkManifest(manifest, first) {
  if (manifest?.format !== 3 || manifest.kind !== "site") {
    throw new WheelbarrowError(
      `this loader can't read format ${manifest?.format}, kind "${manifest?.kind}": take the server's own`,
    );
  }
  let offset = first;
  for (const wheel of Array.isArray(manifest.wheels) ? manifest.wheels : []) {
    const sound =
      [wheel?.name, wheel?.version, wheel?.file].every((value) => typeof value === "string") &&
      /^[0-9a-f]{64}$/.test(wheel.sha256) &&
      wheel.offset === offset &&
      wheel.size > 0 &&
      wheel.size < maxLayerSize &&
      wheel.size % 512 === 0;
    if (!sound) {
      throw new WheelbarrowError(`the bundle is damaged: ${JSON.stringify(wheel)} of its manifest makes no sense`);
    }
    offset += wheel.size;
  }
  if (manifest.size !== offset + endMarkerSize) {
    throw new WheelbarrowError("the bundle is damaged: the layers of its manifest don't add up to its size");
  }
}

/** @param {number} byte */
const hex = (byte) => byte.toString(16).padStart(2, "0");

/**
 * @param {ManifestWheel} wheel
 * @param {Uint8Array<ArrayBuffer>} layer
 */
async function verifyLayer(wheel, layer) {
  // crypto.subtle exists in secure contexts only; a page on plain http checks all the same, a little slower.
  const found = globalThis.crypto?.subtle
    ? Array.from(new Uint8Array(await crypto.subtle.digest("SHA-256", layer)), hex).join("")
    : new (await import("./sha256.mjs")).Sha256().update(layer).digest();
  if (found !== wheel.sha256) {
    throw new WheelbarrowError(
      `the bundle is damaged: the SHA-256 of ${wheel.file} is ${found}, not ${wheel.sha256} as its manifest says`,
    );
  }
}
