// What the loader says when something is wrong, and what it leaves behind.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { bootPyodide, fetchLoader, launchBrowser, openApp, startProxy, startServer } from "./harness.mjs";

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
 * @param {string} baseURL
 * @param {string | string[]} requirements
 * @param {any} [options]
 */
async function failure(baseURL, requirements, options = {}) {
  try {
    await loader.install(pyodide, requirements, { baseURL, ...options });
  } catch (error) {
    return /** @type {any} */ (error);
  }
  return assert.fail("the installation should have failed");
}

function installedVersions() {
  return JSON.parse(pyodide.runPython(`
import importlib.metadata, json
json.dumps(sorted(d.metadata["Name"] for d in importlib.metadata.distributions()))`));
}

test("an unsatisfiable set shows the server's explanation", async () => {
  const error = await failure(server.plainURL, ["lxml<2"]);
  assert.ok(error instanceof loader.WheelbarrowError);
  assert.equal(error.status, 422);
  assert.match(error.message, /lxml/);
  assert.equal(error.message, error.problem.detail);
});

test("a requirement that can't be read and an unknown target are the caller's mistake", async () => {
  assert.equal((await failure(server.plainURL, ["lxml>>"])).status, 400);
  assert.match(String((await failure(server.plainURL, ["lxml"], { target: "cpython-1.4" })).status), /^4/);
  assert.match((await failure(server.plainURL, [])).message, /at least one requirement/);
  assert.match((await failure("ftp://127.0.0.1/", ["lxml"])).message, /http or https/);
});

test("no server there", async () => {
  assert.match((await failure("http://127.0.0.1:1/", ["lxml"])).message, /no answer from http:\/\/127\.0\.0\.1:1/);
});

const damages = [
  { what: "cut in the manifest", change: (/** @type {Buffer} */ b) => b.subarray(0, 700), says: /cut short/ },
  { what: "cut in a layer", change: (/** @type {Buffer} */ b) => b.subarray(0, b.length - 100_000), says: /cut short/ },
  { what: "cut before the end marker", change: (/** @type {Buffer} */ b) => b.subarray(0, b.length - 1024), says: /cut short/ },
  { what: "empty", change: () => Buffer.alloc(0), says: /cut short/ },
  { what: "too long", change: (/** @type {Buffer} */ b) => Buffer.concat([b, b.subarray(0, 1)]), says: /goes on after its end/ },
  { what: "a flipped bit in a layer", change: (/** @type {Buffer} */ b) => flipped(b, b.length - 70_000), says: /SHA-256/ },
  { what: "a flipped bit in the first header", change: (/** @type {Buffer} */ b) => flipped(b, 3), says: /not a bundle/ },
  { what: "a flipped bit in the end marker", change: (/** @type {Buffer} */ b) => flipped(b, b.length - 9), says: /damaged/ },
  { what: "a page of HTML", change: () => Buffer.alloc(4096, "<p>welcome to the hotel's network</p>"), says: /not a bundle/ },
];

/**
 * @param {Buffer} body
 * @param {number} at
 */
function flipped(body, at) {
  const changed = Buffer.from(body);
  changed[at] ^= 1;
  return changed;
}

for (const { what, change, says } of damages) {
  test(`a damaged body: ${what}`, async () => {
    const proxy = await startProxy(server.plainURL, change);
    try {
      const error = await failure(proxy.url, ["python-docx"]);
      assert.ok(error instanceof loader.WheelbarrowError, String(error));
      assert.match(error.message, says);
      // Wheels whose bytes were right are whole; the others left nothing.
      const kept = error.installed.map((/** @type {any} */ wheel) => wheel.name.replace(/_/g, "-"));
      const found = installedVersions();
      assert.deepEqual(found.filter((/** @type {string} */ name) => !everInstalled.has(name) && !kept.includes(name)), []);
      kept.forEach((/** @type {string} */ name) => everInstalled.add(name));
    } finally {
      proxy.stop();
    }
  });
}
/** Left by earlier cases of the table, which share one Pyodide. @type {Set<string>} */
const everInstalled = new Set(["typing_extensions"]);

test("an abort ends the download and rejects with the signal's reason", async () => {
  const proxy = await startProxy(server.plainURL, (body) => body, { chunk: 65_536, pause: 20 });
  try {
    const stop = new AbortController();
    const reason = new Error("the reader left");
    const onProgress = (/** @type {any} */ { phase, loaded }) => {
      if (phase === "download" && loaded > 500_000) {
        stop.abort(reason);
      }
    };
    const error = await failure(proxy.url, ["opencv-python"], { signal: stop.signal, onProgress });
    assert.equal(error, reason);
    assert.ok(!installedVersions().includes("opencv-python"));

    assert.equal(await failure(server.plainURL, ["lxml"], { signal: AbortSignal.abort(reason) }), reason);
  } finally {
    proxy.stop();
  }
});

test("after all that, the same Pyodide installs and imports", async () => {
  await loader.install(pyodide, ["python-docx"], { baseURL: server.plainURL });
  assert.equal(pyodide.runPython("import docx; docx.Document().paragraphs == []"), true);
});

test("a wheel that can't be written or replaced leaves nothing of itself", async () => {
  const python = await bootPyodide();
  python.runPython(`
import pathlib, sysconfig
site = pathlib.Path(sysconfig.get_path("purelib"))
(site / "python_docx-1.2.0.dist-info").write_text("a file where a folder belongs")
(site / "typing_extensions-1.0.dist-info").mkdir()
(site / "typing_extensions-1.0.dist-info" / "METADATA").write_text("Name: typing-extensions\\nVersion: 1.0\\n")
`);
  const options = { baseURL: server.plainURL };
  await assert.rejects(loader.install(python, "typing-extensions", options), /1\.0 is there without a record/);
  python.runPython("import shutil; shutil.rmtree(site / 'typing_extensions-1.0.dist-info')");
  await assert.rejects(loader.install(python, "python-docx", options), (/** @type {any} */ error) => {
    assert.match(error.message, /python_docx-1\.2\.0\.dist-info\/.* can't be written/);
    assert.ok(!error.installed.some((/** @type {any} */ wheel) => wheel.name === "python-docx"));
    return true;
  });
  const left = JSON.parse(python.runPython("import json; json.dumps([str(f) for f in site.glob('docx/**/*') if f.is_file()])"));
  assert.deepEqual(left, []);
});

test("in a browser: the explanation, a cut body, a flipped bit, an abort", async () => {
  const browser = await launchBrowser(server);
  const proxies = await Promise.all([
    startProxy(server.plainURL, (body) => body.subarray(0, body.length - 2048)),
    startProxy(server.plainURL, (body) => flipped(body, body.length - 70_000)),
    startProxy(server.plainURL, (body) => body, { chunk: 65_536, pause: 20 }),
  ]);
  try {
    const { page } = await openApp(browser, server.url);
    const messages = await page.evaluate(
      async (/** @type {string[]} */ [base, cut, damaged, slow]) => {
        const { loadPyodide } = await import(`${base}pyodide/pyodide.mjs`);
        const { install } = await import(`${base}client/wheelbarrow.mjs`);
        const python = await loadPyodide();
        const attempt = (/** @type {string} */ baseURL, /** @type {string} */ wanted, options = {}) =>
          install(python, wanted, { baseURL, ...options }).then(() => "installed", (/** @type {any} */ e) => e.message);
        return [
          await attempt(base, "lxml<2"),
          await attempt(cut, "lxml"),
          await attempt(damaged, "lxml"),
          await attempt(slow, "lxml", { signal: AbortSignal.timeout(500) }),
          await attempt(base, "lxml"),
        ];
      },
      [server.url, ...proxies.map(({ url }) => url)],
    );
    const expected = [/lxml/, /cut short/, /SHA-256/, /timed out/, /^installed$/];
    expected.forEach((says, i) => assert.match(messages[i], says));
  } finally {
    proxies.forEach((proxy) => proxy.stop());
    await browser.close();
  }
});
