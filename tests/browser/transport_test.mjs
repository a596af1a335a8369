// What Chromium and the server agree on below the loader: HTTP/2, ranges, revalidation, 100 MB, downloads broken off.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import path from "node:path";
import { after, before, beforeEach, test } from "node:test";

import { here, launchBrowser, openApp, startServer, temporaryFolder } from "./harness.mjs";

const large = "/bundle?target=pyodide-0.29&r=noise0&r=noise1&r=noise2&r=noise3";
const limit = { timeout: 120_000 };

/** @type {any} */
let server;
/** @type {any} */
let browser;
/** @type {any} */
let page;
/** @type {() => string[]} */
let problems;
let bundle = "";
let size = 0;

before(async () => {
  const folder = await temporaryFolder();
  execFileSync("python3", ["-B", path.join(here, "../integration/noise_wheels.py"), folder], { timeout: 60_000 });
  server = await startServer({ wheels: [folder] });
  const identity = { "accept-encoding": "identity" };
  const head = await fetch(new URL(large, server.plainURL), { method: "HEAD", headers: identity });
  assert.equal(head.status, 200);
  bundle = `/${head.headers.get("content-location")}`;
  size = Number(head.headers.get("content-length"));
  assert.ok(size > 100_000_000);
  browser = await launchBrowser(server);
}, limit);
after(async () => {
  await browser?.close();
  await server?.stop();
});
beforeEach(async () => {
  await page?.close();
  ({ page, problems } = await openApp(browser, server.url));
});

test("speaks HTTP/2", limit, async () => {
  const protocols = await page.evaluate(async () => {
    await (await fetch("/resolve?r=lxml")).json();
    const entries = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
    return entries.map((entry) => /** @type {PerformanceResourceTiming} */ (entry).nextHopProtocol);
  });
  assert.ok(protocols.length >= 2);
  assert.deepEqual([...new Set(protocols)], ["h2"]);
  assert.deepEqual(problems(), []);
});

test("takes a range", limit, async () => {
  const answer = await page.evaluate(async (/** @type {string} */ path) => {
    // Asked for with Range, Chromium accepts no coding.
    const response = await fetch(path, { headers: { range: "bytes=25000000-25999999" }, cache: "no-store" });
    const bytes = await response.arrayBuffer();
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return {
      status: response.status,
      range: response.headers.get("content-range"),
      sha256: [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
    };
  }, bundle);
  const direct = await fetch(new URL(bundle, server.plainURL), {
    headers: { range: "bytes=25000000-25999999", "accept-encoding": "identity" },
  });
  const { createHash } = await import("node:crypto");
  assert.deepEqual(answer, {
    status: 206,
    range: `bytes 25000000-25999999/${size}`,
    sha256: createHash("sha256").update(Buffer.from(await direct.arrayBuffer())).digest("hex"),
  });
});

test("revalidates what it has", limit, async () => {
  const path = "/bundle?r=lxml";
  const answers = await page.evaluate(async (/** @type {string} */ path) => {
    const answers = [];
    let etag = "";
    for (const init of [{}, { cache: "no-cache" }]) {
      const response = await fetch(path, /** @type {RequestInit} */ (init));
      const length = (await response.arrayBuffer()).byteLength;
      const entry = /** @type {PerformanceResourceTiming} */ (
        performance.getEntriesByName(new URL(path, location.href).href).at(-1));
      etag = response.headers.get("etag") ?? "";
      answers.push({ status: response.status, length, body: entry.encodedBodySize, transferred: entry.transferSize });
    }
    const asked = await fetch(path, { headers: { "if-none-match": etag }, cache: "no-store" });
    return { answers, asked: { status: asked.status, length: (await asked.arrayBuffer()).byteLength } };
  }, path);
  const [first, second] = answers.answers;
  assert.ok(first.status === 200 && first.transferred > first.body, JSON.stringify(first));
  assert.deepEqual([second.status, second.length], [200, first.length]);
  assert.ok(second.transferred < 2000, `${second.transferred} bytes for a 304`);
  assert.deepEqual(answers.asked, { status: 304, length: 0 });
});

test("takes 100 MB, and small answers meanwhile", limit, async () => {
  const answer = await page.evaluate(async (/** @type {string} */ path) => {
    const response = await fetch(path, { cache: "no-store" });
    const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
    const chunks = [];
    let taken = 0;
    /** @type {number | undefined} */
    let overtaken;
    let status = 0;
    /** @type {Promise<void> | undefined} */
    let small;
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      chunks.push(part.value);
      taken += part.value.length;
      small ??= fetch("/resolve?r=lxml", { cache: "no-store" }).then(async (other) => {
        await other.json();
        status = other.status;
        overtaken = taken;
      });
    }
    const complete = taken;
    await small;
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await new Blob(chunks).arrayBuffer()));
    const sha256 = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return { complete, status, overtaken, sha256 };
  }, bundle);
  assert.equal(answer.complete, size);
  assert.equal(`/bundles/${answer.sha256}.tar`, bundle);
  assert.equal(answer.status, 200);
  assert.ok(answer.overtaken < size, `the small answer came after ${answer.overtaken} bytes`);
});

test("goes on after a download that is broken off", limit, async () => {
  const answer = await page.evaluate(async (/** @type {string} */ path) => {
    const taken = [];
    for (let round = 0; round < 5; round += 1) {
      const abort = new AbortController();
      const response = await fetch(path, { cache: "no-store", signal: abort.signal });
      const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
      let size = 0;
      while (size < 1_000_000) {
        size += (await reader.read()).value?.length ?? Number.NaN;
      }
      abort.abort();
      taken.push(size);
    }
    const after = await fetch("/resolve?r=lxml", { cache: "no-store" });
    await after.json();
    const entry = /** @type {PerformanceResourceTiming} */ (
      performance.getEntriesByName(new URL("/resolve?r=lxml", location.href).href).at(-1));
    // A connection that was there already took no time to make.
    return { taken, status: after.status, connecting: entry.connectEnd - entry.connectStart };
  }, bundle);
  assert.ok(answer.taken.every((/** @type {number} */ bytes) => bytes < size), JSON.stringify(answer.taken));
  assert.deepEqual([answer.status, answer.connecting], [200, 0]);
  assert.deepEqual(problems(), []);
  const complaints = server.log().split("\n").filter((/** @type {string} */ line) => /\[(warning|error)\]/.test(line));
  const expected = /self-signed|running as root/;
  assert.deepEqual(complaints.filter((/** @type {string} */ line) => !expected.test(line)), []);
});
