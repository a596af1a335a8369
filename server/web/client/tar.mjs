/**
 * The tar format as far as bundles use it: ustar headers, and pax headers for long paths.
 *
 * @module
 */

import { WheelbarrowError } from "./error.mjs";

/** A file of a layer. @typedef {{path: string, bytes: Uint8Array<ArrayBuffer>}} Entry */

/**
 * The files of a layer that may still be arriving, each as soon as it is complete, as parts of the layer's buffer.
 *
 * @param {Uint8Array<ArrayBuffer>} layer
 * @param {(size: number) => Promise<unknown> | undefined} reach waits until so many bytes of it are there
 * @returns {AsyncGenerator<Entry>}
 */
export async function* layerEntries(layer, reach) {
  /** From a pax header, which stands before the entry whose path ustar can't hold. @type {string | undefined} */
  let longPath;
  for (let at = 0; at < layer.length; ) {
    await reach(at + 512);
    const header = parseHeader(layer, at);
    const start = at + 512;
    if (header === undefined || start + header.size > layer.length) {
      throw new WheelbarrowError("the bundle is damaged: a tar header is missing");
    }
    await reach(start + header.size);
    const bytes = layer.subarray(start, start + header.size);
    at = start + padded(header.size);
    if (header.type === "x") {
      const pax = (await import("./pax.mjs")).readPax(bytes);
      if (!pax) {
        throw new WheelbarrowError("the bundle is damaged: a pax header can't be read");
      }
      longPath = pax.path;
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
export function parseHeader(tar, at) {
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
 * Relative, forward slashes only, and never upwards.
 *
 * @param {string} path
 */
function isSafePath(path) {
  return !/[\0\\]/.test(path) && path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

/** @param {number} size */
export function padded(size) {
  return Math.ceil(size / 512) * 512;
}

const decoder = /* @__PURE__ */ new TextDecoder();
