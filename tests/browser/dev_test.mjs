// `wheelbarrow dev` seen by a browser: a page that is isolated, and that loads itself again.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";

import { environment, here, launchBrowser, requireModule, startServer, temporaryFolder } from "./harness.mjs";

/** @type {any} */
let server;
/** @type {any} */
let browser;
/** @type {string} */
let app;
/** @type {string} */
let file;
/** @type {string} */
let url;

/** @param {string} version */
function buildWheel(version) {
  execFileSync("python3", ["-B", path.join(here, "changing_wheel.py"), path.join(app, "dist"), version], { timeout: 60_000 });
}
const html = (/** @type {string} */ text) => `<!doctype html><title>app</title><p>${text}</p>`;

before(async () => {
  app = await temporaryFolder();
  file = path.join(app, "page.html");
  await fs.writeFile(file, html("first"));
  await fs.mkdir(path.join(app, "dist"));
  buildWheel("1");
  server = await startServer({ command: ["dev", app, "--live-reload", "--cross-origin-isolation"] });
  url = `${server.url}page.html`;
  browser = await launchBrowser(server);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test("a page shares memory, gets the newest wheel, and loads itself again", async () => {
  const page = await browser.newPage();
  await page.goto(url);
  assert.equal(await page.evaluate("crossOriginIsolated && new SharedArrayBuffer(8).byteLength"), 8);
  const version = () => page.evaluate(async () => {
    const { loadPyodide } = await import("/pyodide/pyodide.mjs");
    const { install } = await import("/client/wheelbarrow.mjs");
    const pyodide = await loadPyodide();
    const { wheels } = await install(pyodide, "changing");
    return wheels[0].version;
  });
  assert.equal(await version(), "1");

  await fs.writeFile(file, html("second"));
  await page.waitForSelector("text=second");
  await fs.rm(file);
  await fs.writeFile(path.join(app, "style.css"), "p {}");
  await page.waitForResponse((/** @type {any} */ answer) => answer.url() === url && answer.status() === 404);
  await fs.writeFile(file, html("third"));
  await page.waitForSelector("text=third");

  await page.evaluate(() => void (/** @type {any} */ (globalThis).old = true));
  buildWheel("2");
  await page.waitForFunction("!globalThis.old");
  assert.equal(await version(), "2", "although the browser had the bundle a moment ago");
});

test("a page sees what changed while it was on its way", async () => {
  await fs.writeFile(file, html("old"));
  const page = await browser.newPage();
  let changed = false;
  await page.route("**/live_reload.mjs*", async (/** @type {any} */ route) => {
    if (!changed) await fs.writeFile(file, html("new"));
    changed = true;
    await route.continue();
  });
  await page.goto(url);
  await page.waitForSelector("text=new");
  assert.ok(changed);
});

test("a browser takes the certificate once it was taught it as is said", async () => {
  const home = await temporaryFolder();
  const visit = async () => {
    const taught = await requireModule("playwright-core").chromium.launch({
      executablePath: environment("CHROMIUM"), env: { ...process.env, HOME: home }, args: ["--no-sandbox", "--disable-gpu"],
    });
    try {
      const page = await taught.newPage();
      await page.goto(url);
      return await page.title();
    } finally {
      await taught.close();
    }
  };
  await assert.rejects(visit(), /ERR_CERT_AUTHORITY_INVALID/);
  const command = /^ {2}Chromium, Chrome +(.+)$/m.exec(server.log())?.[1];
  assert.ok(command, server.log());
  execFileSync("bash", ["-c", command], { env: { ...process.env, HOME: home }, timeout: 60_000 });
  assert.equal(await visit(), "app");
});
