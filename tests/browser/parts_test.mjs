// A bundle that is cut: the loader and stock Pyodide take the parts.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { bootPyodide, fetchLoader, launchBrowser, openApp, startProxy, startServer } from "./harness.mjs";
import { check, program, requirements } from "./real_work.mjs";

/** @type {any} */
let server;
/** @type {any} */
let browser;

before(async () => {
  server = await startServer({ options: ["--max-part", "3000000"] });
  browser = await launchBrowser(server);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const isArchive = (/** @type {string} */ url) => /\/bundles\/[0-9a-f]{64}\.tar$/.test(new URL(url).pathname);

/** @param {string[]} wanted */
async function resolve(wanted) {
  const url = new URL("resolve", server.plainURL);
  wanted.forEach((requirement) => url.searchParams.append("r", requirement));
  return (await (await fetch(url)).json()).bundle;
}

/** @param {any[]} parameters */
async function runOnPage([base, wanted, python]) {
  const { run } = await import(`${base}app/run.mjs`);
  return run(base, wanted, python);
}

test("the loader takes the parts of one bundle, and all its wheels work", async () => {
  const { page, problems } = await openApp(browser, server.url);
  const outcome = await page.evaluate(runOnPage, [server.url, requirements, program]);
  const { parts, url, sha256 } = await resolve(requirements);
  assert.ok(parts.length >= 3, `several parts: ${JSON.stringify(parts)}`);
  const paths = (/** @type {string[]} */ urls) => urls.map((address) => new URL(address).pathname).sort();
  assert.deepEqual(
    paths(outcome.requests.filter(isArchive)), paths(parts.map((/** @type {any} */ part) => part.url)),
    "each part once, and not the whole",
  );
  assert.ok(outcome.installation.bundle.endsWith(`${sha256}.tar`), `${outcome.installation.bundle} is ${url}`);
  const total = parts.reduce((/** @type {number} */ sum, /** @type {any} */ part) => sum + part.size, 0);
  assert.equal(outcome.installation.size, total);
  assert.deepEqual(
    outcome.installation.wheels.map((/** @type {any} */ wheel) => wheel.name).sort(),
    parts.flatMap((/** @type {any} */ part) => part.wheels).sort(),
  );
  const downloads = outcome.progress.filter((/** @type {any} */ p) => p.phase === "download");
  downloads.forEach((/** @type {any} */ p, /** @type {number} */ i) => {
    assert.equal(p.total, total);
    assert.ok(i === 0 || p.loaded >= downloads[i - 1].loaded, "progress goes on, never back");
  });
  assert.equal(JSON.stringify(outcome.result), JSON.stringify(await wholeResult()));
  assert.deepEqual(problems(), []);
});

/** What the same program says when the bundle comes whole. */
async function wholeResult() {
  const plain = await startServer();
  const other = await launchBrowser(plain);
  try {
    const { page } = await openApp(other, plain.url);
    const outcome = await page.evaluate(runOnPage, [plain.url, requirements, program]);
    check(outcome);
    return outcome.result;
  } finally {
    await other.close();
    await plain.stop();
  }
}

test("modules that link to libraries above 8 MiB work beside other parts", async () => {
  const { page } = await openApp(browser, server.url);
  const python = `
import json, numpy, pymupdf
with pymupdf.open() as document:
    document.new_page().insert_text((72, 72), "one of two parts")
    text = json.dumps(pymupdf.open(stream=document.tobytes()).load_page(0).get_text().strip())
text`;
  const { result } = await page.evaluate(runOnPage, [server.url, ["pymupdf", "numpy"], python]);
  assert.equal(result, "one of two parts");
});

test("stock Pyodide has the parts as packages that the package bundle depends on", async () => {
  const { page, problems } = await openApp(browser, server.url);
  const outcome = await page.evaluate(async (/** @type {string} */ base) => {
    const { loadPyodide } = await import(`${base}env/numpy,lxml,python-docx,fonttools/pyodide.mjs`);
    const pyodide = await loadPyodide({ packages: ["bundle"] });
    const text = pyodide.runPython(`
import io, json, docx, numpy, fontTools.ttLib
from lxml import etree
document = docx.Document()
document.add_paragraph("stock")
saved = io.BytesIO()
document.save(saved)
saved.seek(0)
json.dumps([(numpy.eye(2) * 3).tolist(), etree.fromstring("<a><b/></a>").xpath("count(//b)"),
    docx.Document(saved).paragraphs[0].text])`);
    const requests = performance.getEntriesByType("resource").map((entry) => entry.name);
    await pyodide.loadPackage("numpy");
    const later = performance.getEntriesByType("resource").map((entry) => entry.name).slice(requests.length);
    return { result: JSON.parse(text), requests, later, loaded: Object.keys(pyodide.loadedPackages) };
  }, server.url);
  assert.deepEqual(outcome.result, [[[3, 0], [0, 3]], 1, "stock"]);
  assert.ok(outcome.requests.filter(isArchive).length >= 3, outcome.requests.join("\n"));
  assert.deepEqual(outcome.requests.filter((/** @type {string} */ url) => url.endsWith(".whl")), []);
  assert.deepEqual(outcome.later, [], "numpy is there already; loadPackage fetches nothing");
  for (const name of ["numpy", "lxml", "python-docx", "fonttools", "bundle"]) {
    assert.ok(outcome.loaded.includes(name), `${name} counts as loaded: ${outcome.loaded}`);
  }
  assert.deepEqual(problems(), []);
});

test("stock Pyodide takes the whole bundle for an import of one of its modules", async () => {
  const { page } = await openApp(browser, server.url);
  const text = await page.evaluate(async (/** @type {string} */ base) => {
    const { loadPyodide } = await import(`${base}env/numpy,lxml,python-docx,fonttools/pyodide.mjs`);
    const pyodide = await loadPyodide();
    await pyodide.loadPackagesFromImports("import docx");
    return pyodide.runPython("import docx, lxml.etree; 'imported'");
  }, server.url);
  assert.equal(text, "imported");
});

test("a part that is damaged, cut short, missing or another ends the installation", async () => {
  const wanted = ["numpy", "lxml", "python-docx"];
  const { parts } = await resolve(wanted);
  const lxml = parts.find((/** @type {any} */ part) => part.wheels.includes("lxml"));
  const other = parts.find((/** @type {any} */ part) => part !== lxml);
  const otherBytes = Buffer.from(await (await fetch(other.url)).arrayBuffer());
  /** @type {[RegExp, (body: Buffer) => Buffer][]} */
  const cases = [
    [/damaged/, (body) => (body.fill(1, body.length - 5000, body.length - 4000), body)],
    [/cut short/, (body) => body.subarray(0, body.length / 2)],
    [/goes on after its end/, (body) => Buffer.concat([body, Buffer.alloc(10)])],
    [/not a bundle/, () => Buffer.from("nothing".repeat(200))],
    [/not what the list of parts says/, () => otherBytes],
  ];
  const { install } = await fetchLoader(server.plainURL);
  for (const [message, change] of cases) {
    const proxy = await startProxy(server.plainURL, (body, path) => (path.includes(lxml.sha256) ? change(body) : body));
    try {
      const pyodide = await bootPyodide();
      /** @type {any} */
      let failure;
      await install(pyodide, wanted, { baseURL: proxy.url }).catch((/** @type {any} */ error) => (failure = error));
      assert.match(failure?.message ?? "nothing failed", message);
      const installed = failure.installed.some((/** @type {any} */ wheel) => wheel.name === "lxml");
      const found = pyodide.runPython("import importlib.util; importlib.util.find_spec('lxml') is not None");
      assert.equal(found, installed, `${message}`);
      assert.equal(installed, /goes on/.test(message.source), `${message}: its own bytes were right or not`);
    } finally {
      proxy.stop();
    }
  }
});

test("giving up ends every part", async () => {
  const proxy = await startProxy(server.plainURL, (body) => body, { chunk: 200_000, pause: 20 });
  try {
    const { install } = await fetchLoader(server.plainURL);
    const pyodide = await bootPyodide();
    const abort = new AbortController();
    const installing = install(pyodide, ["numpy", "lxml", "python-docx"], {
      baseURL: proxy.url,
      signal: abort.signal,
      onProgress: (/** @type {any} */ { phase }) => phase === "download" && abort.abort(new Error("enough")),
    });
    await assert.rejects(installing, /enough/);
    assert.equal(pyodide.runPython("import importlib.util; importlib.util.find_spec('numpy') is None"), true);
  } finally {
    proxy.stop();
  }
});

test("a URL in place of requirements names a bundle, or what /resolve said", async () => {
  const { install } = await fetchLoader(server.plainURL);
  const whole = await resolve(["lxml", "python-docx"]);
  const question = new URL("resolve?r=lxml&r=python-docx", server.plainURL);
  for (const url of [new URL(whole.url), question]) {
    const pyodide = await bootPyodide();
    const { bundle, wheels } = await install(pyodide, url);
    assert.equal(bundle, whole.url, `${url}`);
    assert.equal(wheels.length, 3);
    assert.equal(pyodide.runPython("import docx; docx.__name__"), "docx");
  }
});
