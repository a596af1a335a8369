// The loader on a page's main thread, where modules above 8 MiB can't be compiled while they are imported.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { bootPyodide, launchBrowser, openApp, startServer } from "./harness.mjs";
import { importing } from "./import_all.mjs";
import { check, program, requirements } from "./real_work.mjs";

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

/** @param {any[]} parameters */
async function runOnPage([base, wanted, python]) {
  const { run } = await import(`${base}app/run.mjs`);
  return run(base, wanted, python);
}

test("one bundle brings numpy, lxml, python-docx and opencv, and all of them work", async () => {
  const { page, problems } = await openApp(browser, server.url);
  check(await page.evaluate(runOnPage, [server.url, requirements, program]));
  assert.deepEqual(problems(), []);
});

test("modules that link to libraries above 8 MiB can be imported", async () => {
  const { page } = await openApp(browser, server.url);
  const python = `
import json, pymupdf
with pymupdf.open() as document:
    document.new_page().insert_text((72, 72), "one download")
    json.dumps(pymupdf.open(stream=document.tobytes()).load_page(0).get_text().strip())
`.replace("    json.dumps", "    text = json.dumps") + "text";
  const { result } = await page.evaluate(runOnPage, [server.url, ["pymupdf"], python]);
  assert.equal(result, "one download");
});

test("every module of the sample wheels imports as it does after Pyodide's own unpacking", async () => {
  const everything = [...requirements, "fonttools", "pymupdf4llm"];
  const tops = ["numpy", "cv2", "lxml.etree", "docx", "fontTools", "pymupdf", "pymupdf4llm"];
  const { page } = await openApp(browser, server.url);
  const { result } = await page.evaluate(runOnPage, [server.url, everything, importing(tops)]);

  const pyodide = await bootPyodide();
  const url = new URL("bundle", server.plainURL);
  everything.forEach((requirement) => url.searchParams.append("r", requirement));
  const extractDir = pyodide.runPython("import sysconfig; sysconfig.get_path('purelib')");
  pyodide.unpackArchive(await (await fetch(url)).arrayBuffer(), "tar", { extractDir });
  const plain = JSON.parse(pyodide.runPython(importing(tops)));
  assert.deepEqual(result, plain);
  const names = Object.entries(result.all).filter(([, outcome]) => outcome === "imported").map(([name]) => name);
  assert.ok(names.length > 500, `${names.length} modules were imported`);
  for (const name of ["numpy._core._multiarray_umath", "lxml.etree", "pymupdf._extra"]) {
    assert.ok(names.includes(name), `${name}: ${result.all[name]}`);
  }
});

test("a page that is no secure context checks the bundle all the same", async () => {
  const base = server.plainURL.replace("127.0.0.1", "insecure.test");
  const { page } = await openApp(browser, base);
  assert.equal(await page.evaluate("isSecureContext"), false);
  const python = "import json; from lxml import etree; json.dumps(etree.fromstring('<a/>').tag)";
  const { result, requests } = await page.evaluate(runOnPage, [base, ["lxml"], python]);
  assert.equal(result, "a");
  assert.ok(requests.some((/** @type {string} */ url) => url.endsWith("/client/sha256.mjs")), requests.join("\n"));
});
