/**
 * What a worker's requests find in the browser's HTTP cache.
 *
 * @module
 */

/** What never changes under its URL. */
const immutable = /\/(bundles|wheels)\//;

/**
 * A `fetch` for one measurement; requests for the runtime are left alone.
 *
 * @param {{cold?: boolean, had?: string[]}} visit
 * @param {(url: string) => boolean} isRuntime
 * @returns {typeof fetch}
 */
export function fetchAs({ cold, had }, isRuntime) {
  const plain = globalThis.fetch.bind(globalThis);
  const before = had && new Set(had);
  /** @param {string} url @returns {RequestCache | undefined} */
  const mode = (url) => {
    if (cold) {
      return "no-store";
    }
    if (before === undefined) {
      return undefined;
    }
    if (!before.has(url)) {
      return "reload";
    }
    return immutable.test(new URL(url).pathname) ? undefined : "no-cache";
  };
  return (input, init) => {
    const { url } = new Request(input);
    if (isRuntime(url)) {
      return plain(input, init);
    }
    const cache = mode(url);
    const request = cold ? new Request(withoutDictionary(url), input instanceof Request ? input : undefined) : input;
    return plain(request, cache ? { ...init, cache } : init);
  };
}

/**
 * The same resource by another spelling of its path (RFC 3986 6.2.2.2), which no dictionary's `match` covers: fetching
 * past the HTTP cache doesn't keep a browser from offering what it has as a dictionary (RFC 9842).
 *
 * @param {string} url
 */
function withoutDictionary(url) {
  return url.replace(/\/bundle(?=s\/|\?)/, "/%62undle");
}
