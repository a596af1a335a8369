// Stock Pyodide with the server's lock file instead of its own: packages by name, from this server alone.
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

/** Boots with the lock file at `path`, loads `name`, and says what came from where. */
async function load(/** @type {any} */ page, /** @type {string} */ path, /** @type {string} */ name) {
  return page.evaluate(
    async (/** @type {[string, string, string]} */ [base, path, name]) => {
      const { loadPyodide } = await import(`${base}pyodide/pyodide.mjs`);
      const pyodide = await loadPyodide({ lockFileURL: base + path });
      await pyodide.loadPackage(name);
      const version = pyodide.runPython(`from importlib import metadata; metadata.version("${name}")`);
      const urls = performance.getEntriesByType("resource").map((entry) => entry.name);
      return { version, urls, loaded: Object.keys(pyodide.loadedPackages).sort() };
    },
    [server.url, path, name],
  );
}

for (const [path, name, version, loaded] of [
  ["pyodide-lock.json", "lxml", "5.4.0", ["lxml"]],
  ["pyodide-lock.json", "python-docx", "1.2.0", ["lxml", "python-docx", "typing_extensions"]],
  ["pyodide-lock.json?r=numpy&r=python-docx", "numpy", "2.2.5", ["numpy"]],
]) {
  test(`loadPackage("${name}") with /${path}`, async () => {
    const { page, problems } = await openApp(browser, server.url);
    const outcome = await load(page, path, name);
    assert.equal(outcome.version, version);
    assert.deepEqual(outcome.loaded, loaded);
    for (const url of outcome.urls) assert.ok(url.startsWith(server.url), url);
    const wheels = outcome.urls.filter((/** @type {string} */ url) => url.endsWith(".whl"));
    assert.equal(wheels.length, loaded.length, `${wheels}`);
    assert.deepEqual(problems(), []);
  });
}
