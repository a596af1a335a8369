// A download that begins before there is a Pyodide, and what becomes of it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { bootPyodide, fetchLoader, launchBrowser, openApp, startProxy, startServer } from "./harness.mjs";
import { check, program, requirements } from "./real_work.mjs";

/** @type {any} */
let server;
/** @type {any} */
let loader;
/** @type {unknown[]} */
const unhandled = [];
process.on("unhandledRejection", (reason) => unhandled.push(reason));

before(async () => {
  server = await startServer();
  loader = await fetchLoader(server.plainURL);
});
after(async () => {
  await server?.stop();
  assert.deepEqual(unhandled, [], "rejections that nobody saw");
});

test("a bundle that came before the runtime is installed without another request", async () => {
  let bundles = 0;
  const proxy = await startProxy(server.plainURL, (body) => (bundles++, body));
  try {
    const ready = loader.prefetch(requirements, { baseURL: proxy.url });
    const pyodide = await bootPyodide();
    /** @type {any[]} */
    const progress = [];
    const installation = await loader.install(pyodide, ready, { onProgress: (/** @type {any} */ p) => progress.push(p) });
    check({ installation, progress, result: JSON.parse(pyodide.runPython(program)), loaded: { ...pyodide.loadedPackages } });
    assert.equal(installation.target, "pyodide-0.29");
    assert.equal(bundles, 1);
    await assert.rejects(loader.install(pyodide, ready), /installed already: prefetch again/);
  } finally {
    proxy.stop();
  }
});

test("install takes over in the middle of the download", async () => {
  const pyodide = await bootPyodide();
  /** @type {() => void} */
  let begin = () => {};
  const begun = new Promise((resolve) => (begin = () => resolve(undefined)));
  const proxy = await startProxy(server.plainURL, (body) => (begin(), body), { chunk: 500_000, pause: 20 });
  try {
    const ready = loader.prefetch(["lxml", "python-docx"], { baseURL: proxy.url });
    await begun;
    /** @type {any[]} */
    const progress = [];
    const { size } = await loader.install(pyodide, ready, { onProgress: (/** @type {any} */ p) => progress.push(p) });
    const downloads = progress.filter(({ phase }) => phase === "download");
    assert.ok(downloads.length > 2, `${downloads.length} times progress`);
    assert.ok(downloads.every(({ loaded, total }) => loaded > 0 && loaded <= size && total === size));
    assert.equal(pyodide.runPython("import docx; docx.__name__"), "docx");
  } finally {
    proxy.stop();
  }
});

test("parts, and a set that is kept as a file, are prefetched too", async () => {
  const parted = await startServer({ options: ["--max-part", "3000000"] });
  try {
    const question = new URL("resolve?r=numpy&r=lxml&r=python-docx", parted.plainURL);
    for (const wanted of [["numpy", "lxml", "python-docx"], question]) {
      const ready = loader.prefetch(wanted, { baseURL: parted.plainURL, integrity: true });
      const pyodide = await bootPyodide();
      const { wheels } = await loader.install(pyodide, ready);
      assert.equal(wheels.length, 4);
      assert.equal(pyodide.runPython("import docx, numpy, lxml.etree; numpy.arange(4).sum().item()"), 6);
    }
  } finally {
    await parted.stop();
  }
});

test("what fails before there is a runtime is said when it is installed, and by nobody else", async () => {
  const refused = loader.prefetch(["lxml<2"], { baseURL: server.plainURL });
  const absent = loader.prefetch(["lxml"], { baseURL: "http://127.0.0.1:1/" });
  const forgotten = loader.prefetch(["no-such-thing"], { baseURL: server.plainURL });
  const proxy = await startProxy(server.plainURL, (body) => body.subarray(0, body.length - 100_000));
  const cut = loader.prefetch(["python-docx"], { baseURL: proxy.url, retries: 0 });
  try {
    assert.ok(forgotten);
    const pyodide = await bootPyodide();
    await assert.rejects(loader.install(pyodide, refused), (/** @type {any} */ error) => {
      assert.equal(error.status, 422);
      assert.equal(error.message, error.problem.detail);
      return true;
    });
    await assert.rejects(loader.install(pyodide, absent), /no answer from/);
    await assert.rejects(loader.install(pyodide, cut), (/** @type {any} */ error) => {
      assert.match(error.message, /cut short/);
      assert.ok(error.installed.length > 0, "what came whole before the cut is installed");
      return true;
    });
    assert.throws(() => loader.prefetch([], { baseURL: server.plainURL }), /at least one requirement/);
  } finally {
    proxy.stop();
  }
});

test("the signal of either ends the download", async () => {
  const pyodide = await bootPyodide();
  const proxy = await startProxy(server.plainURL, (body) => body, { chunk: 100_000, pause: 50 });
  try {
    for (const early of [true, false]) {
      const stop = new AbortController();
      const reason = new Error("the reader left");
      const ready = loader.prefetch(["lxml"], { baseURL: proxy.url, ...(early ? { signal: stop.signal } : {}) });
      if (early) {
        stop.abort(reason);
      } else {
        setTimeout(() => stop.abort(reason), 200);
      }
      const installing = loader.install(pyodide, ready, early ? {} : { signal: stop.signal });
      await assert.rejects(installing, (/** @type {any} */ error) => error === reason);
      assert.equal(pyodide.runPython("import os; os.path.exists('/lib/python3.13/site-packages/lxml')"), false);
    }
  } finally {
    proxy.stop();
  }
});

test("for another runtime than the server's own, the right bundle is fetched; a named target is kept to", async () => {
  const other = await startServer({ options: ["--target", "cp311-manylinux_2_36_x86_64"] });
  try {
    const pyodide = await bootPyodide();
    const guess = loader.prefetch(["python-docx", "typing-extensions"].slice(1), { baseURL: other.plainURL });
    const { target } = await loader.install(pyodide, guess);
    assert.equal(target, "pyodide-0.29");
    const named = loader.prefetch("typing-extensions", { baseURL: other.plainURL, target: "pyodide-0.27" });
    await assert.rejects(loader.install(pyodide, named), /pyodide-0\.27 doesn't fit cp313-.*Python 3\.12/);
  } finally {
    await other.stop();
  }
});

test("on a page, beside the boot of the runtime", async () => {
  const browser = await launchBrowser(server);
  try {
    const { page, problems } = await openApp(browser, server.url);
    const order = await page.evaluate(async ([base, python]) => {
      const { prefetch, install } = await import(`${base}client/wheelbarrow.mjs`);
      const { loadPyodide } = await import(`${base}pyodide/pyodide.mjs`);
      const ready = prefetch(["numpy", "lxml>=5", "python-docx", "opencv-python"]);
      prefetch(["no-such-thing"]);
      const pyodide = await loadPyodide();
      const booted = performance.now();
      await install(pyodide, ready);
      const [entry] = performance.getEntriesByType("resource").filter(({ name }) => name.includes("/bundle?"));
      return { early: entry.startTime < booted, result: JSON.parse(pyodide.runPython(python)) };
    }, [server.url, program]);
    assert.equal(order.early, true);
    assert.deepEqual(order.result.xpath, ["2"]);
    assert.deepEqual(problems(), []);
  } finally {
    await browser.close();
  }
});
