/**
 * What stands before a file whose path ustar can't hold.
 *
 * @module
 */

/**
 * Pax records (POSIX.1-2001), each of them `<length> <key>=<value>\n`.
 *
 * @param {Uint8Array} records
 * @returns {{path?: string} | undefined} nothing if they are damaged
 */
export function readPax(records) {
  const decoder = new TextDecoder();
  /** @type {string | undefined} */
  let path;
  for (let at = 0; at < records.length; ) {
    const space = records.indexOf(0x20, at);
    const length = Number(decoder.decode(records.subarray(at, Math.max(space, at))));
    if (!(length > space - at + 1) || at + length > records.length) {
      return undefined;
    }
    const record = decoder.decode(records.subarray(space + 1, at + length - 1));
    if (record.startsWith("path=")) {
      path = record.slice("path=".length);
    }
    at += length;
  }
  return { path };
}
