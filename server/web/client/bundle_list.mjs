/**
 * The JSON that says where a bundle is and which parts it has: the server's answer in place of a bundle that is cut, and
 * that of `/resolve`.
 *
 * @module
 */

/**
 * A bundle that is fetched by itself.
 * @typedef {object} Part
 * @property {string} url absolute
 * @property {number} size bytes before compression
 * @property {string[]} [wheels] the names of those in it
 * @property {string} [gzip] absolute: the same bundle as a gzip file
 */

/**
 * @param {Response} response
 * @returns {Promise<{address: string, target: string, parts: Part[]}>} at least one part: the whole where there are none
 */
export async function readList(response) {
  /** @type {any} */
  let list;
  try {
    list = await response.json();
  } catch (error) {
    throw new Error(`it can't be read: ${error}`, { cause: error });
  }
  const { bundle, target } = list ?? {};
  const parts = bundle?.parts?.length > 0 ? bundle.parts : [bundle];
  if (typeof target !== "string" || !Array.isArray(parts) || ![bundle, ...parts].every(isSound)) {
    throw new Error("it makes no sense without a bundle with url, size and wheels");
  }
  /** @param {string} url */
  const absolute = (url) => new URL(url, response.url).href;
  /** @param {any} part */
  const resolved = ({ url, gzip, ...part }) => ({ ...part, url: absolute(url), gzip: gzip && absolute(gzip) });
  return { address: absolute(bundle.url), target, parts: parts.map(resolved) };
}

/** @param {any} part */
function isSound(part) {
  return (
    typeof part?.url === "string" &&
    Number.isSafeInteger(part.size) &&
    (part.wheels === undefined || Array.isArray(part.wheels)) &&
    (part.gzip === undefined || typeof part.gzip === "string")
  );
}

/**
 * What makes a part another than the list says.
 *
 * @param {Part} part
 * @param {import("./bundle_stream.mjs").Manifest} manifest
 */
export function checkPart(part, manifest) {
  const names = manifest.wheels.map((wheel) => wheel.name);
  const sameWheels = part.wheels === undefined || JSON.stringify(part.wheels) === JSON.stringify(names);
  return manifest.size !== part.size || !sameWheels
    ? `${part.url} is not what the list of parts says: it has ${names.join(", ")}`
    : undefined;
}
