// Downloads that break off: what is missing is asked for by range, in Node and in Chromium, and nothing is trusted that
// is not the bundle's.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import http from "node:http";
import { after, before, test } from "node:test";

import { bootPyodide, fetchLoader, launchBrowser, openApp, startServer } from "./harness.mjs";

/** @type {any} */
let server;
/** @type {any} */
let loader;
/** @type {any} */
let pyodide;

before(async () => {
  server = await startServer();
  loader = await fetchLoader(server.plainURL);
  pyodide = await bootPyodide();
});
after(() => server?.stop());

/**
 * A server in front of ours that passes everything on, but ends answers that hold a bundle after `bytes[i]` bytes of
 * its i-th answer: by breaking the connection off, or quietly. `change` may alter an answer to a range.
 *
 * @param {number[]} bytes
 * @param {object} [how]
 * @param {boolean} [how.quietly]
 * @param {(response: http.ServerResponse) => boolean} [how.change] true if it answered
 */
async function startBreaking(bytes, { quietly = false, change = () => false } = {}) {
  /** @type {{range?: string, coding?: string, path: string}[]} */
  const asked = [];
  const front = http.createServer(async (request, response) => {
    const path = request.url ?? "/";
    const isBundle = /^\/bundles?[?/]/.test(path);
    const { range, "accept-encoding": coding } = request.headers;
    if (isBundle && range && change(response)) {
      asked.push({ range, coding: String(coding), path });
      return;
    }
    http.get(new URL(path, server.plainURL), { headers: { "accept-encoding": "identity", ...(range ? { range } : {}) } }, async (answer) => {
      const pieces = [];
      for await (const piece of answer) {
        pieces.push(piece);
      }
      const body = Buffer.concat(pieces);
      response.statusCode = answer.statusCode ?? 500;
      for (const [name, value] of Object.entries(answer.headers)) {
        if (value !== undefined && !/^(connection|transfer-encoding|content-length)$/.test(name)) {
          response.setHeader(name, value);
        }
      }
      if (!isBundle || answer.statusCode === 304) {
        response.end(body);
        return;
      }
      const size = bytes[asked.length] ?? Infinity;
      asked.push({ range, coding: String(coding), path });
      if (size >= body.length || quietly) {
        response.end(body.subarray(0, size));
        return;
      }
      response.setHeader("content-length", body.length);
      response.write(body.subarray(0, size), () => setTimeout(() => response.destroy(), 50));
    });
  });
  await new Promise((resolve) => front.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (front.address());
  return {
    url: `http://127.0.0.1:${port}/`,
    asked,
    stop() {
      front.closeAllConnections();
      front.close();
    },
  };
}

const bundlePath = /^\/bundles\/[0-9a-f]{64}\.tar$/;

for (const quietly of [false, true]) {
  test(`in Node: an answer that ${quietly ? "ends too early" : "breaks off"} is continued, again and again`, async () => {
    const front = await startBreaking([1_000_000, 2_000_000, 0, 500_000], { quietly });
    try {
      const python = await bootPyodide();
      const { size } = await loader.install(python, ["lxml", "python-docx"], { baseURL: front.url, integrity: true });
      assert.ok(size > 4_000_000);
      assert.equal(python.runPython("import docx, lxml.etree; docx.__name__"), "docx");
      const [first, ...others] = front.asked;
      assert.equal(first.range, undefined);
      assert.deepEqual(
        others.map(({ range }) => range),
        [1_000_000, 3_000_000, 3_000_000, 3_500_000].map((position) => `bytes=${position}-`),
      );
      for (const { path, coding } of others) {
        assert.match(path, bundlePath, "only an immutable address is sure to have the same bytes");
        assert.equal(coding, "identity");
      }
    } finally {
      front.stop();
    }
  });
}

test("in Chromium: positions are those of the bundle itself", async () => {
  const browser = await launchBrowser(server);
  const front = await startBreaking([1_000_000, 700_000]);
  try {
    const { page, problems } = await openApp(browser, server.plainURL);
    const result = await page.evaluate(async ([base, from]) => {
      const { install } = await import(`${base}client/wheelbarrow.mjs`);
      const { loadPyodide } = await import(`${base}pyodide/pyodide.mjs`);
      const pyodide = await loadPyodide();
      await install(pyodide, ["lxml"], { baseURL: from });
      return pyodide.runPython("from lxml import etree; etree.fromstring('<a/>').tag");
    }, [server.plainURL, front.url]);
    assert.equal(result, "a");
    assert.deepEqual(front.asked.map(({ range }) => range), [undefined, "bytes=1000000-", "bytes=1700000-"]);
    front.asked.slice(1).forEach(({ coding }) => assert.equal(coding, "identity"));
    assert.deepEqual(problems(), []);
  } finally {
    await browser.close();
    front.stop();
  }
});

test("a server that knows no ranges sends all of it again, and what is there is skipped", async () => {
  const whole = Buffer.from(await (await fetch(new URL("bundle?r=python-docx", server.plainURL))).arrayBuffer());
  const front = await startBreaking([600_000], { change: (response) => (response.end(whole), true) });
  try {
    const { bundle } = await loader.install(await bootPyodide(), "python-docx", { baseURL: front.url, integrity: true });
    assert.ok(bundle.includes(createHash("sha256").update(whole).digest("hex")));
    assert.equal(front.asked.length, 2);
  } finally {
    front.stop();
  }
});

/** @type {[string, number, (response: http.ServerResponse) => boolean, RegExp][]} */
const refusals = [
  ["nothing is there any more", 1, (response) => (response.writeHead(404).end(), true), /broke off/],
  ["the range is beyond the end", 1, (response) => (response.writeHead(416, { "content-range": "bytes */5" }).end(), true), /broke off/],
  ["another range", 1, (response) => (response.writeHead(206, { "content-range": "bytes 0-9/10" }).end("0123456789"), true), /broke off/],
  ["coded bytes", 1, (response) => (response.writeHead(206, { "content-encoding": "gzip" }).end("x"), true), /broke off/],
  ["other bytes", 1, (response) => (response.writeHead(206).end(Buffer.alloc(10_000_000)), true), /SHA-256|damaged/],
  ["never more than trouble", 3, (response) => (response.writeHead(503).end(), true), /broke off/],
];
for (const [what, times, change, says] of refusals) {
  test(`the rest doesn't come: ${what}`, async () => {
    const front = await startBreaking([600_000], { change });
    try {
      await assert.rejects(loader.install(pyodide, "lxml", { baseURL: front.url }), (/** @type {any} */ error) => {
        assert.ok(error instanceof loader.WheelbarrowError, String(error));
        assert.match(error.message, says);
        return true;
      });
      assert.equal(front.asked.length, 1 + times);
      assert.equal(pyodide.runPython("import os; os.path.exists('/lib/python3.13/site-packages/lxml')"), false);
    } finally {
      front.stop();
    }
  });
}

test("retries: 0 asks once", async () => {
  const front = await startBreaking([600_000]);
  try {
    await assert.rejects(loader.install(pyodide, "lxml", { baseURL: front.url, retries: 0 }), /broke off/);
    assert.equal(front.asked.length, 1);
  } finally {
    front.stop();
  }
});

test("integrity: a manifest that was changed on the way is noticed, and no wheel stays", async () => {
  const whole = Buffer.from(await (await fetch(new URL("bundle?r=python-docx", server.plainURL))).arrayBuffer());
  const at = whole.indexOf('"1.2.0"');
  assert.ok(at > 0 && at < 4096);
  whole.write('"9.9.9"', at);
  const sha256 = /[0-9a-f]{64}/.exec((await fetch(new URL("bundle?r=python-docx", server.plainURL), { method: "HEAD" })).headers.get("content-location") ?? "");
  const front = http.createServer((request, response) => {
    response.writeHead(200, { "content-location": `/bundles/${sha256}.tar` }).end(request.url?.startsWith("/bundle?") ? whole : "");
  });
  await new Promise((resolve) => front.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (front.address());
  try {
    const baseURL = `http://127.0.0.1:${port}/`;
    await assert.rejects(loader.install(pyodide, "python-docx", { baseURL, integrity: true }), (/** @type {any} */ error) => {
      assert.match(error.message, new RegExp(`SHA-256 is [0-9a-f]{64}, not ${sha256}`));
      assert.deepEqual(error.installed, []);
      return true;
    });
    const left = pyodide.runPython("import json, os; json.dumps([f for f in os.listdir('/lib/python3.13/site-packages') if 'docx' in f or 'typing_ext' in f])");
    assert.deepEqual(JSON.parse(left), []);
  } finally {
    front.closeAllConnections();
    front.close();
  }
});
