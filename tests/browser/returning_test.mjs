// What a client that returns downloads: nothing, or what changed, and what it does when the server is gone.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import path from "node:path";
import { after, before, test } from "node:test";

import { here, launchWithCache, openApp, startServer, temporaryFolder } from "./harness.mjs";

const bundle = "/bundle?target=pyodide-0.29&r=numpy&r=lxml&r=opencv-python&r=fonttools&r=changing";
const limit = { timeout: 300_000 };

/** @type {any} */
let server;
/** @type {any} */
let browser;
let wheels = "";

/** @param {number} version */
function publish(version) {
  execFileSync("python3", ["-B", path.join(here, "changing_wheel.py"), wheels, String(version)], { timeout: 60_000 });
}

/** What the server has now, asked past every cache. @returns {Promise<string>} the bundle's SHA-256 */
async function current() {
  const answer = await fetch(new URL(bundle, server.plainURL), {
    method: "HEAD", headers: { "accept-encoding": "identity" },
  });
  assert.equal(answer.status, 200);
  return /bundles\/([0-9a-f]{64})/.exec(answer.headers.get("content-location") ?? "")?.[1] ?? "";
}

/**
 * Publishes a version and waits until the server has made the deltas to it, as it does ahead for sets that were asked
 * for.
 *
 * @param {number} version
 */
async function update(version) {
  const before = await current();
  const deltas = await server.metric("wheelbarrow_deltas_made_total");
  publish(version);
  while ((await current()) === before ||
      (await server.metric("wheelbarrow_deltas_made_total")) === deltas) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  // The last step is to remember it.
  await new Promise((resolve) => setTimeout(resolve, 500));
}

/**
 * Fetches in the page, and says what went over the wire.
 *
 * @param {any} page
 * @param {string} url
 * @param {RequestCache} [cache]
 */
function take(page, url, cache = "default") {
  return page.evaluate(async ([url, cache]) => {
    performance.clearResourceTimings();
    const response = await fetch(url, { cache: /** @type {RequestCache} */ (cache) });
    const body = await response.arrayBuffer();
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", body));
    await new Promise((resolve) => setTimeout(resolve));
    const timing = /** @type {PerformanceResourceTiming} */ (
      performance.getEntriesByName(new URL(url, location.href).href).at(-1));
    return {
      status: response.status,
      coding: response.headers.get("content-encoding"),
      sha256: [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
      transferred: timing.transferSize,
      coded: timing.encodedBodySize,
    };
  }, [url, cache]);
}

before(async () => {
  wheels = await temporaryFolder();
  publish(1);
  server = await startServer({ wheels: [wheels] });
  browser = await launchWithCache(server);
}, limit);
after(async () => {
  await browser?.close();
  await server?.stop();
});

test("a client that returns", limit, async (t) => {
  const { page, problems } = await openApp(browser, server.url);
  const first = await take(page, bundle);
  assert.equal(first.sha256, await current());
  assert.ok(first.transferred > 10_000_000, `${first.transferred}`);
  await page.close();

  await t.test("downloads nothing if nothing changed", async () => {
    const { page } = await openApp(browser, server.url);
    const second = await take(page, bundle);
    assert.equal(second.sha256, first.sha256);
    assert.equal(second.transferred, 0);
    await page.close();
  });

  await t.test("downloads less than 2 % if one pure wheel changed", async () => {
    await update(2);
    const { page } = await openApp(browser, server.url);
    const changed = await take(page, bundle, "no-cache");
    assert.equal(changed.coding, "dcz");
    assert.equal(changed.sha256, await current());
    assert.notEqual(changed.sha256, first.sha256);
    assert.ok(changed.transferred < first.transferred / 50, `${changed.transferred} of ${first.transferred}`);
    t.diagnostic(`${first.transferred} bytes at first, ${changed.transferred} after the change`);
    await page.close();
  });

  await t.test("and what came as a delta is the next dictionary, for the other kind of URL too", async () => {
    await update(3);
    const sha256 = await current();
    const { page } = await openApp(browser, server.url);
    const hashed = await take(page, `/bundles/${sha256}.tar`);
    assert.equal(hashed.coding, "dcz");
    await take(page, bundle, "no-cache");
    assert.equal(hashed.sha256, sha256);
    assert.ok(hashed.transferred < first.transferred / 50, `${hashed.transferred}`);
    await page.close();
  });

  await t.test("starts from what it has when that is stale and the server is gone", async () => {
    const { page } = await openApp(browser, server.url);
    // It came as a delta and is looked up again: 304, whatever form the server would send by now.
    const { sha256, transferred } = await take(page, bundle, "no-cache");
    assert.ok(transferred < 2000, `${transferred} bytes for a 304`);
    // Until max-age has passed; then only stale-while-revalidate allows it.
    await new Promise((resolve) => setTimeout(resolve, 61_000));
    await server.stop();
    server = undefined;
    const stale = await take(page, bundle);
    assert.deepEqual([stale.status, stale.sha256, stale.transferred], [200, sha256, 0]);
    await page.close();
  });
  assert.deepEqual(problems(), []);
});
