/**
 * Runs series in turns, each run in a fresh worker.
 *
 * @module
 */

/** @typedef {import("./series.mjs").Series} Series */
/** @typedef {import("./measure.mjs").Request} Request */
/** @typedef {import("./measure.mjs").Result} Result */

/** A run that takes longer than this, in milliseconds, has failed. */
const patience = 300_000;

/**
 * Fills each series' runs. First each is run once without counting: the server makes what it hasn't made yet, the browser
 * fills its cache, and what can't be run is found out. Then every round runs all, every other one backwards, so that what
 * drifts meets all alike.
 *
 * @param {Series[]} all
 * @param {number} rounds
 * @param {AbortSignal} signal stops after what has been measured; nothing is thrown
 * @param {(done: number, of: number, what: string) => void} report
 */
export async function runAll(all, rounds, signal, report) {
  const of = all.length * (rounds + 1);
  for (let round = 0, done = 0; round <= rounds; ++round) {
    for (const series of round % 2 === 0 ? all : all.toReversed()) {
      report(done++, of, `${round === 0 ? "Warming up" : `Round ${round} of ${rounds}`}: ${series.label}`);
      if (series.reason === undefined) {
        await runSeries(series, round > 0, signal);
      }
      if (signal.aborted) {
        return;
      }
    }
  }
}

/** @param {Series} series @param {boolean} counts @param {AbortSignal} signal */
async function runSeries(series, counts, signal) {
  let { request } = series;
  if (series.prime) {
    const before = await runOnce(series.prime, signal);
    if (!("times" in before)) {
      series.reason = reasonOf(before);
      return;
    }
    request = { ...request, had: before.resources.map(({ url }) => url) };
  }
  const outcome = await runOnce(request, signal);
  if (signal.aborted) {
    return;
  }
  if (!("times" in outcome)) {
    series.reason = reasonOf(outcome);
  } else if (counts) {
    series.runs.push(outcome);
  }
}

/** @param {{unavailable?: string, error?: string}} outcome */
function reasonOf({ unavailable, error }) {
  return unavailable ?? error ?? "";
}

/**
 * @param {Request} request
 * @param {AbortSignal} signal
 * @returns {Promise<Result | import("./measure.mjs").Absent | import("./measure.mjs").Failure>}
 */
async function runOnce(request, signal) {
  const { mode } = request;
  const worker = new Worker(new URL("worker.mjs", import.meta.url), { type: "module" });
  const over = AbortSignal.any([signal, AbortSignal.timeout(patience)]);
  try {
    return await new Promise((resolve) => {
      /** @param {string} error */
      const fail = (error) => resolve({ mode, error });
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => fail(event.message || "the worker could not be started");
      over.onabort = () => fail(signal.aborted ? "stopped" : `not done after ${patience / 1000} s`);
      if (over.aborted) {
        fail("stopped");
      }
      worker.postMessage(request);
    });
  } finally {
    worker.terminate();
  }
}
