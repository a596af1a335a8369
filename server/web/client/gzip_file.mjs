/**
 * Bundles from a host that sends files as they are: it has the gzip form as a file of its own, which is unpacked here.
 *
 * @module
 */

/** @typedef {import("./bundle_list.mjs").Part} Part */

/**
 * Which address to take each of these from. A host that sends the first in a coding does so with all.
 *
 * @param {Part[]} parts
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<URL[]>}
 */
export async function chooseFiles(parts, signal) {
  const [first] = parts;
  const plain = parts.map(({ url }) => new URL(url));
  if (first.gzip === undefined || !globalThis.DecompressionStream) {
    return plain;
  }
  // Without an answer, what the browser's cache holds from earlier visits decides.
  const answer = await fetch(first.url, { method: "HEAD", signal }).catch(() => undefined);
  return answer?.headers.get("Content-Encoding") ? plain : parts.map(({ url, gzip }) => new URL(gzip ?? url));
}

/**
 * Unpacks a body if it is a gzip file. By its first bytes, because some hosts say that a gzip file is a coded one, and
 * then it has been decoded already.
 *
 * @param {ReadableStream<Uint8Array<ArrayBuffer>>} body
 * @returns {Promise<ReadableStream<Uint8Array<ArrayBuffer>>>}
 */
export async function unpacked(body) {
  const reader = body.getReader();
  const { value: first, done } = await reader.read();
  const whole = new ReadableStream({
    start(controller) {
      if (first) {
        controller.enqueue(first);
      }
      if (done) {
        controller.close();
      }
    },
    async pull(controller) {
      const chunk = await reader.read();
      if (chunk.done) {
        controller.close();
      } else {
        controller.enqueue(chunk.value);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
  const isGzip = first?.[0] === 0x1f && (first.length < 2 || first[1] === 0x8b);
  return isGzip ? whole.pipeThrough(new DecompressionStream("gzip")) : whole;
}
