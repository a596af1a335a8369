// Stock Pyodide, without the loader: started from a virtual folder for one requirement set.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launchBrowser, openApp, startServer } from "./harness.mjs";

/** @type {any} */
let server;
/** @type {any} */
let browser;

before(async () => {
  server = await startServer();
  browser = await launchBrowser(server);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test("stock Pyodide boots from /env/ and has the bundle as one package", async () => {
  const { page, problems } = await openApp(browser, server.url);
  const outcome = await page.evaluate(async (/** @type {string} */ base) => {
    const folder = `${base}env/numpy,lxml,python-docx/`;
    const { loadPyodide } = await import(`${folder}pyodide.mjs`);
    const pyodide = await loadPyodide({ packages: ["bundle"] });
    const text = pyodide.runPython(`
import io, json, docx, numpy
from importlib import metadata
from lxml import etree
document = docx.Document()
document.add_paragraph("stock")
saved = io.BytesIO()
document.save(saved)
saved.seek(0)
json.dumps([
    (numpy.eye(2) * 3).tolist(),
    etree.fromstring("<a><b/></a>").xpath("count(//b)"),
    docx.Document(saved).paragraphs[0].text,
    [metadata.version(name) for name in ["numpy", "lxml", "python-docx"]],
])`);
    const before = performance.getEntriesByType("resource").map((entry) => entry.name);
    await pyodide.loadPackage("numpy");
    const later = performance.getEntriesByType("resource").map((entry) => entry.name).slice(before.length);
    return { result: JSON.parse(text), before, later, loaded: Object.keys(pyodide.loadedPackages) };
  }, server.url);

  assert.deepEqual(outcome.result, [[[3, 0], [0, 3]], 1, "stock", ["2.2.5", "5.4.0", "1.2.0"]]);
  for (const name of ["numpy", "lxml", "python-docx"]) {
    assert.ok(outcome.loaded.includes(name), `${name} counts as loaded: ${outcome.loaded}`);
  }
  assert.deepEqual(outcome.later, [], "numpy is there already; loadPackage fetches nothing");
  const archives = outcome.before.filter((/** @type {string} */ url) => /\.(tar|whl)$/.test(new URL(url).pathname));
  assert.equal(archives.length, 1, `one archive: ${archives}`);
  assert.deepEqual(problems(), []);
});
