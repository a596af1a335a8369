/**
 * Reads a bundle while it arrives: the manifest, then each wheel's layer as one piece whose length and SHA-256 are
 * those of the manifest, then the end. A body that was cut short looks complete to `fetch`, so nothing here trusts
 * where the stream ends. Knows nothing of Pyodide.
 *
 * A bundle is a POSIX ustar file. Its first entry is the manifest, `wheelbarrow.json`. The layers follow without a
 * gap, each a whole number of 512-byte blocks; two blocks of zeros end it.
 *
 * @module
 */

import { messageOf, WheelbarrowError } from "./error.mjs";

/**
 * A wheel as the manifest lists it.
 * @typedef {object} ManifestWheel
 * @property {string} name
 * @property {string} version
 * @property {string} file the wheel's file name
 * @property {number} offset first byte of the wheel's layer in the tar
 * @property {number} size the layer's bytes, a multiple of 512
 * @property {string} sha256 of the layer, in hexadecimal digits
 */

/**
 * @typedef {object} Manifest
 * @property {number} format
 * @property {string} kind
 * @property {string} target
 * @property {number} size the whole tar's bytes
 * @property {ManifestWheel[]} wheels those with large extension modules first
 */

/** A file of a layer. @typedef {{path: string, bytes: Uint8Array<ArrayBuffer>}} Entry */

/** The end of a tar file: two blocks of zeros. */
const endMarkerSize = 1024;

/** Far above what thousands of wheels need, and small enough to be refused before it hurts. */
const maxManifestSize = 64 * 1024 * 1024;

export class BundleStream {
  /** Bytes read so far. */
  #position = 0;
  #reader;
  /** What the last chunk held beyond what was asked for. @type {Uint8Array} */
  #rest = new Uint8Array(0);

  /**
   * A reader that fills the caller's buffers (BYOB) would save one copy; it was no faster in Chromium, twenty times
   * slower in Node, and is missing elsewhere.
   *
   * @param {ReadableStream<Uint8Array>} stream
   */
  constructor(stream) {
    this.#reader = stream.getReader();
  }

  /**
   * Reads the first entry and checks that the layers it lists fill the tar without a gap.
   *
   * @returns {Promise<Manifest>}
   */
  async readManifest() {
    const header = parseHeader(await this.#read(512), 0);
    if (header?.type !== "0" || header.name !== "wheelbarrow.json" || header.size > maxManifestSize) {
      throw new WheelbarrowError("the answer is not a bundle: it doesn't begin with a manifest");
    }
    const bytes = await this.#read(padded(header.size));
    /** @type {any} */
    let manifest;
    try {
      manifest = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, header.size)));
    } catch (error) {
      throw new WheelbarrowError("the bundle's manifest is damaged: it is not JSON", { cause: error });
    }
    checkManifest(manifest, this.#position);
    return manifest;
  }

  /**
   * Reads the next layer, in a buffer of its own.
   *
   * @param {ManifestWheel} wheel
   * @param {(position: number) => void} report called with the bytes read since the bundle's beginning
   */
  readLayer(wheel, report) {
    return this.#read(wheel.size, report);
  }

  async readEnd() {
    if ((await this.#read(endMarkerSize)).some((byte) => byte !== 0)) {
      throw new WheelbarrowError("the bundle is damaged: its end is not where the manifest says");
    }
    if (this.#rest.length > 0 || (await this.#more())) {
      throw new WheelbarrowError("the bundle is damaged: it goes on after its end");
    }
  }

  /** @param {unknown} reason */
  async cancel(reason) {
    // A stream that has failed already fails again here; the caller knows why.
    await this.#reader.cancel(reason).catch(() => {});
  }

  /**
   * Reads exactly `size` bytes.
   *
   * @param {number} size
   * @param {(position: number) => void} [report]
   */
  async #read(size, report) {
    const bytes = allocate(size);
    for (let filled = 0; filled < size; ) {
      if (this.#rest.length === 0 && !(await this.#more())) {
        throw new WheelbarrowError(
          `the bundle was cut short: ${this.#position} bytes came, and at least ${size - filled} more were to come`,
        );
      }
      const part = this.#rest.subarray(0, size - filled);
      bytes.set(part, filled);
      filled += part.length;
      this.#position += part.length;
      this.#rest = this.#rest.subarray(part.length);
      report?.(this.#position);
    }
    return bytes;
  }

  /** Waits for bytes; false at the end of the stream. */
  async #more() {
    do {
      const { done, value } = await this.#reader.read().catch((error) => {
        throw new WheelbarrowError(`the connection broke off: ${messageOf(error)}`, { cause: error });
      });
      if (done) {
        return false;
      }
      this.#rest = value;
    } while (this.#rest.length === 0);
    return true;
  }
}

/**
 * @param {any} manifest
 * @param {number} first where the first layer begins
 */
function checkManifest(manifest, first) {
  if (manifest?.format !== 2 || manifest.kind !== "site") {
    throw new WheelbarrowError(
      `this loader reads bundles of format 2, kind "site", not of format ${manifest?.format}, kind ` +
        `"${manifest?.kind}": take the loader from the server that makes the bundles`,
    );
  }
  let offset = first;
  for (const wheel of Array.isArray(manifest.wheels) ? manifest.wheels : []) {
    const sound =
      [wheel?.name, wheel?.version, wheel?.file].every((value) => typeof value === "string") &&
      /^[0-9a-f]{64}$/.test(wheel.sha256) &&
      wheel.offset === offset &&
      Number.isSafeInteger(wheel.size) &&
      wheel.size > 0 &&
      wheel.size % 512 === 0;
    if (!sound) {
      throw new WheelbarrowError(`the bundle's manifest is damaged: ${JSON.stringify(wheel)} makes no sense`);
    }
    offset += wheel.size;
  }
  if (manifest.size !== offset + endMarkerSize) {
    throw new WheelbarrowError("the bundle's manifest is damaged: the layers don't add up to its size");
  }
}

/**
 * @param {ManifestWheel} wheel
 * @param {Uint8Array<ArrayBuffer>} layer
 */
export async function verifyLayer(wheel, layer) {
  // crypto.subtle exists in secure contexts only; a page on plain http checks all the same, a little slower.
  const digest = globalThis.crypto?.subtle
    ? new Uint8Array(await crypto.subtle.digest("SHA-256", layer))
    : (await import("./sha256.mjs")).sha256(layer);
  const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (found !== wheel.sha256) {
    throw new WheelbarrowError(
      `the bytes of ${wheel.file} were damaged on the way: their SHA-256 is ${found}, not ${wheel.sha256} as the ` +
        "bundle's manifest says",
    );
  }
}

/**
 * The files of a layer, as parts of its buffer.
 *
 * @param {Uint8Array<ArrayBuffer>} layer
 * @returns {Generator<Entry>}
 */
export function* layerEntries(layer) {
  /** From a pax header, which stands before the entry whose path ustar can't hold. @type {string | undefined} */
  let longPath;
  for (let at = 0; at < layer.length; ) {
    const header = parseHeader(layer, at);
    const start = at + 512;
    if (header === undefined || start + header.size > layer.length) {
      throw new WheelbarrowError("the bundle is damaged: a tar header is not where the manifest says");
    }
    const bytes = layer.subarray(start, start + header.size);
    at = start + padded(header.size);
    if (header.type === "x") {
      longPath = paxPath(bytes);
    } else if (header.type === "0") {
      const path = longPath ?? header.name;
      longPath = undefined;
      if (!isSafePath(path)) {
        throw new WheelbarrowError(`the bundle holds a file that would leave site-packages: ${JSON.stringify(path)}`);
      }
      yield { path, bytes };
    } else {
      throw new WheelbarrowError(`the bundle holds a tar entry of type ${JSON.stringify(header.type)}`);
    }
  }
}

/**
 * A ustar header (POSIX.1-1988), or nothing if its checksum says that it isn't one.
 *
 * @param {Uint8Array<ArrayBuffer>} tar
 * @param {number} at
 */
function parseHeader(tar, at) {
  const block = tar.subarray(at, at + 512);
  const size = octal(block.subarray(124, 136));
  // The checksum counts its own field as eight spaces.
  const sum = block.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
  if (size === undefined || octal(block.subarray(148, 156)) !== sum) {
    return undefined;
  }
  const name = text(block.subarray(0, 100));
  const prefix = text(block.subarray(345, 500));
  return { name: prefix === "" ? name : `${prefix}/${name}`, size, type: String.fromCharCode(block[156]) };
}

/** @param {Uint8Array} field */
function octal(field) {
  const digits = text(field).trim();
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
}

/** @param {Uint8Array} field */
function text(field) {
  const end = field.indexOf(0);
  return decoder.decode(end < 0 ? field : field.subarray(0, end));
}

/**
 * The path in pax records (POSIX.1-2001), each of them `<length> <key>=<value>\n`.
 *
 * @param {Uint8Array} records
 */
function paxPath(records) {
  /** @type {string | undefined} */
  let path;
  for (let at = 0; at < records.length; ) {
    const space = records.indexOf(0x20, at);
    const length = Number(decoder.decode(records.subarray(at, Math.max(space, at))));
    if (!(length > space - at + 1) || at + length > records.length) {
      throw new WheelbarrowError("the bundle is damaged: a pax header can't be read");
    }
    const record = decoder.decode(records.subarray(space + 1, at + length - 1));
    if (record.startsWith("path=")) {
      path = record.slice("path=".length);
    }
    at += length;
  }
  return path;
}

/**
 * Relative, forward slashes only, and never upwards.
 *
 * @param {string} path
 */
function isSafePath(path) {
  return !/[\0\\]/.test(path) && path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

/** @param {number} size */
function padded(size) {
  return Math.ceil(size / 512) * 512;
}

/** @param {number} size */
function allocate(size) {
  try {
    return new Uint8Array(size);
  } catch (error) {
    throw new WheelbarrowError(`a piece of ${size} bytes doesn't fit into memory`, { cause: error });
  }
}

const decoder = new TextDecoder();
