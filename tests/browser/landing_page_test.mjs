// The landing page, with and without JavaScript, and on a phone.
import assert from "node:assert/strict";
import fs from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";

import { launchBrowser, startServer, temporaryFolder } from "./harness.mjs";

const phone = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };
const brokenWheel = "broken-1.0-py3-none-any.whl";

/** @type {any} */
let server;
/** @type {any} */
let browser;

before(async () => {
  const folder = await temporaryFolder();
  await fs.writeFile(path.join(folder, brokenWheel), "this is no zip file");
  server = await startServer({ wheels: [folder] });
  browser = await launchBrowser(server);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** @param {any} options */
async function openPage(options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  /** @type {string[]} */
  const problems = [];
  page.on("pageerror", (/** @type {Error} */ error) => problems.push(String(error)));
  page.on("console", (/** @type {any} */ message) => message.type() === "error" && problems.push(message.text()));
  const response = await page.goto(server.url);
  assert.equal(response.status(), 200);
  return { page, problems, response };
}

for (const colorScheme of ["light", "dark"]) {
  test(`fits a phone in ${colorScheme} colours`, async () => {
    const { page, problems } = await openPage({ ...phone, colorScheme });
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= phone.viewport.width, `${width} px wide on a screen of ${phone.viewport.width}`);
    const picture = await page.screenshot({ fullPage: true });
    assert.ok(picture.length > 10_000);
    if (process.env.SCREENSHOTS) {
      await fs.writeFile(path.join(process.env.SCREENSHOTS, `landing-${colorScheme}.png`), picture);
    }
    assert.deepEqual(problems, [], "nothing that the page's own Content-Security-Policy forbids");
  });
}

test("says what is there and what was refused", async () => {
  const { page, response } = await openPage({ javaScriptEnabled: false });
  assert.match(response.headers()["content-security-policy"] ?? "", /script-src 'self'/);
  const wheels = await page.locator("#wheels").textContent();
  assert.match(wheels, /numpy-2\.2\.5-cp313-cp313-pyodide_2025_0_wasm32\.whl/);
  assert.match(await page.locator("#refused").textContent(), new RegExp(brokenWheel.replaceAll(".", "\\.")));
  const link = await page.locator("#wheels a", { hasText: "python_docx" }).first().getAttribute("href");
  const wheel = await page.request.get(new URL(link, server.plainURL).href);
  assert.equal(wheel.status(), 200);
  assert.equal((await wheel.body()).subarray(0, 2).toString(), "PK");
});

test("makes a bundle without JavaScript", async () => {
  const { page } = await openPage({ javaScriptEnabled: false });
  await page.fill("textarea", "lxml>=5\npython-docx");
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("text=Download the bundle")]);
  const url = new URL(download.url());
  assert.equal(url.pathname, "/bundle");
  const tar = await fs.readFile(await download.path());
  assert.equal(tar.subarray(0, 16).toString(), "wheelbarrow.json");
  const manifest = JSON.parse(tar.subarray(512, 512 + Number.parseInt(tar.subarray(124, 135).toString(), 8)).toString());
  assert.deepEqual(
    manifest.wheels.map((/** @type {any} */ wheel) => wheel.name).sort(),
    ["lxml", "python-docx", "typing-extensions"],
  );

  await page.goto(server.url);
  await page.fill("textarea", "lxml");
  await Promise.all([page.waitForURL("**/resolve?**"), page.click("text=Show what it resolves to")]);
  assert.match(await page.locator("body").textContent(), /lxml-5\.4\.0/);
});

test("shows the bundle's address while one types", async () => {
  const { page, problems } = await openPage({});
  await page.fill("textarea", "numpy\n\n lxml>=5 ");
  const address = new URL(await page.locator("#address a").textContent());
  assert.equal(address.pathname, "/bundle");
  assert.deepEqual(address.searchParams.getAll("r"), ["numpy", "lxml>=5"]);
  assert.equal(await page.locator("pre + button").count(), await page.locator("pre").count());
  assert.deepEqual(problems, []);
});
