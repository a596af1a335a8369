// The links that are compared. Chrome DevTools defines Fast 4G, Slow 4G and 3G by what they are on the wire (round trip
// 60, 150, 400 ms; down 9, 1.6, 0.5 Mbit/s; up 1.5, 0.75, 0.5 Mbit/s: NetworkManager.ts, since June 2024; Lighthouse's
// Slow 4G is the same), and multiplies that by 2.75 to 5 in time and by 0.8 to 0.9 in rate for its own throttle, which
// delays requests instead of packets. This link delays packets, so it takes them as they are on the wire.

/**
 * @typedef {object} Profile
 * @property {string} title
 * @property {import("./link.mjs").Shape | null} shape null: nothing between client and server but the kernel
 * @property {{latency: number, downloadThroughput: number, uploadThroughput: number}} [devtools] for its throttle: ms
 *   per request, bytes/s
 */

/** A queue holds a tenth of a second or a round trip's bytes, whichever is more, and at least 32 packets. */
function queue(/** @type {number} */ rate, /** @type {number} */ delay) {
  return Math.max((rate / 8) * 0.1, (rate / 8) * ((2 * delay) / 1000), 32 * 1500);
}

/**
 * @param {string} title
 * @param {number} down Mbit/s
 * @param {number} up
 * @param {number} roundTrip ms
 * @param {number} [latencyFactor] DevTools' own
 * @param {number} [rateFactor]
 * @returns {Profile}
 */
function profile(title, down, up, roundTrip, latencyFactor, rateFactor = 1) {
  const delay = roundTrip / 2;
  const shape = {
    down: down * 1e6, up: up * 1e6, delay, downQueue: queue(down * 1e6, delay), upQueue: queue(up * 1e6, delay),
  };
  const devtools = latencyFactor && {
    latency: roundTrip * latencyFactor,
    downloadThroughput: (down * 1e6 * rateFactor) / 8,
    uploadThroughput: (up * 1e6 * rateFactor) / 8,
  };
  return { title: `${title} (${down}/${up} Mbit/s, ${roundTrip} ms)`, shape, ...(devtools && { devtools }) };
}

/** @type {Record<string, Profile>} */
export const profiles = {
  none: { title: "unthrottled", shape: null },
  "50mbit": profile("50 Mbit/s", 50, 50, 20),
  fast4g: profile("Fast 4G", 9, 1.5, 60, 2.75, 0.9),
  slow4g: profile("Slow 4G", 1.6, 0.75, 150, 3.75, 0.9),
  "3g": profile("3G", 0.5, 0.5, 400, 5, 0.8),
};

/** Nothing is limited, while what is not measured happens. @type {import("./link.mjs").Shape} */
export const open = { down: 0, up: 0, delay: 0, downQueue: 0, upQueue: 0 };
