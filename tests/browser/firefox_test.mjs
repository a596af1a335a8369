// What differs between browsers, in Firefox: the loader's use of WebAssembly and streams, and the page that measures.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { checkFigures, resultsOf } from "./compare_page.mjs";
import { environment, openApp, requireModule, startServer, temporaryFolder } from "./harness.mjs";
import { check, program, requirements } from "./real_work.mjs";

/** @type {any} */
let server;
/** @type {any} */
let context;
/** @type {string} */
let downloads;

before(async () => {
  server = await startServer();
  downloads = await temporaryFolder();
  // Firefox as the distribution has it, by WebDriver BiDi; Playwright's own is a patched one.
  const browser = await requireModule("playwright-core").firefox.launch({
    channel: "moz-firefox", executablePath: environment("FIREFOX"), headless: true,
    firefoxUserPrefs: { "browser.download.folderList": 2, "browser.download.dir": downloads },
  });
  context = await browser.newContext({ ignoreHTTPSErrors: true });
});
after(async () => {
  await context?.browser().close();
  await server?.stop();
});

test("one bundle brings numpy, lxml, python-docx and opencv, and all of them work", async () => {
  const { page, problems } = await openApp(context, server.url);
  const outcome = await page.evaluate(async (/** @type {any[]} */ [base, wanted, python]) => {
    const { run } = await import(`${base}app/run.mjs`);
    return run(base, wanted, python);
  }, [server.url, requirements, program]);
  check(outcome);
  assert.deepEqual(problems(), []);
});

test("/compare measures here, too, and shows what was measured", async () => {
  const page = await context.newPage();
  await page.goto(new URL("compare?r=lxml&mode=loadPackage&mode=loader&mode=prefetch&bytecode=off&visit=first&rounds=2&start", server.url).href);
  const { series, browser } = await resultsOf(page, downloads);
  assert.match(browser, /Firefox/);
  assert.deepEqual(series.map((/** @type {any} */ each) => each.id),
    ["first-loadPackage", "first-loader-off", "first-prefetch-off"]);
  for (const each of series) {
    assert.equal(each.runs.length, 2, each.reason);
    await checkFigures(page, each);
    for (const { times, phases, bytes } of each.runs) {
      assert.ok(0 < times.runtimeReady && times.runtimeReady < times.installed && times.installed <= times.imported);
      assert.ok(bytes.packages > 500_000, "lxml came over the network");
      for (const name of ["boot", "download", "import"]) {
        assert.ok(phases.some((/** @type {any} */ phase) => phase.name === name), `${each.id} ${name}`);
      }
    }
  }
  assert.equal(await page.locator("#results figure svg[role=img]").count(), 4, "bars, and a waterfall for each");
});
