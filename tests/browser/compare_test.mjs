// The page that compares ways to install, with real runs in real workers.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import path from "node:path";
import { after, before, test } from "node:test";

import { checkFigures, resultsOf } from "./compare_page.mjs";
import { here, launchBrowser, launchWithCache, startServer, temporaryFolder } from "./harness.mjs";

/** @type {any} */
let server;
/** @type {any} */
let browser;
/** @type {string} */
let pictures;

before(async () => {
  const wheels = await temporaryFolder();
  for (const version of ["1", "2"]) {
    execFileSync("python3", ["-B", path.join(here, "changing_wheel.py"), wheels, version], { timeout: 60_000 });
  }
  pictures = process.env.SCREENSHOTS ?? (await temporaryFolder());
  server = await startServer({ wheels: [wheels] });
  browser = await launchBrowser(server);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

async function openCompare(query = "", options = {}) {
  return openIn(await browser.newContext({ viewport: { width: 1000, height: 800 }, ...options }), query);
}

/** @param {any} context @param {string} query */
async function openIn(context, query) {
  const page = await context.newPage();
  /** @type {string[]} */
  const problems = [];
  page.on("pageerror", (/** @type {Error} */ error) => problems.push(String(error)));
  page.on("console", (/** @type {any} */ message) => message.type() === "error" && problems.push(message.text()));
  await page.goto(new URL(`compare${query}`, server.url).href);
  return { page, problems };
}

/** @param {any} page @param {string} name */
async function picture(page, name) {
  const bytes = await page.screenshot({ fullPage: true, path: path.join(pictures, `${name}.png`) });
  assert.ok(bytes.length > 20_000, name);
}

test("shows what was measured, and repeats it by its link", async () => {
  const { page, problems } = await openCompare();
  await page.fill("#r", "changing\nlxml");
  await page.fill("#rounds", "2");
  await page.uncheck("[value=prefetch]");
  await page.click("text=Start");
  const first = await resultsOf(page);

  assert.deepEqual(first.choices.import, ["changing", "lxml"], "imports come from the lock file");
  const { series } = first;
  const [loadPackage, micropip, loader] = series;
  assert.deepEqual(series.map((/** @type {any} */ each) => each.id),
    ["first-loadPackage", "first-micropip", "first-loader-off"]);
  assert.match(micropip.reason, /micropip itself can't be had from this server: Nothing in the wheelhouse is called micropip/);
  assert.match(await page.textContent("[data-series=first-micropip]"), /Not run: micropip itself can't be had/);

  for (const { id, runs, summary } of [loadPackage, loader]) {
    assert.equal(runs.length, 2, id);
    await checkFigures(page, { id, runs, summary });
    for (const { times, resources, phases, bytes } of runs) {
      assert.ok(0 < times.runtimeReady && times.runtimeReady < times.installed && times.installed <= times.imported);
      const sum = resources.filter((/** @type {any} */ each) => !each.runtime)
        .reduce((/** @type {number} */ total, /** @type {any} */ each) => total + each.transferSize, 0);
      assert.equal(bytes.packages, sum);
      // The loader leaves small modules to their import, and lxml itself imports none.
      for (const name of ["boot", "download", "unpack", "import", ...(id === loadPackage.id ? ["compile"] : [])]) {
        assert.ok(phases.some((/** @type {any} */ phase) => phase.name === name), `${id} ${name}`);
      }
      for (const { start, end } of phases) assert.ok(start <= end);
      assert.deepEqual(phases.filter((/** @type {any} */ phase) => phase.name === "import").map((/** @type {any} */ phase) => phase.what),
        ["changing", "lxml"]);
    }
  }
  const wheels = loadPackage.runs[0].resources.filter((/** @type {any} */ each) => /\.whl$/.test(each.url));
  assert.equal(wheels.length, 2, "a request for each wheel");
  for (const { transferSize } of wheels) assert.ok(transferSize > 1000, "a first visit finds nothing in the cache");
  assert.equal(loader.runs[0].resources.filter((/** @type {any} */ each) => /undle\?/.test(each.url)).length, 1);

  const verdict = await page.textContent(".verdict");
  assert.equal(verdict, first.verdicts.first);
  assert.match(verdict, /^Bundling (helped|did not help|made no difference)/);
  assert.equal(await page.locator("#results figure svg[role=img]").count(), 3, "bars, and a waterfall for each that ran");
  assert.ok(!(await page.isVisible("#progress")));
  await picture(page, "compare-light");
  await page.emulateMedia({ colorScheme: "dark" });
  await picture(page, "compare-dark");

  await page.goto(await page.getAttribute("#repeat", "href"));
  const second = await resultsOf(page);
  assert.deepEqual(second.choices, first.choices);
  assert.deepEqual(second.series.map((/** @type {any} */ each) => [each.id, each.runs.length]),
    series.map((/** @type {any} */ each) => [each.id, each.runs.length]));
  assert.ok(second.made > first.made);
  assert.deepEqual(problems, [], "nothing that the page's own Content-Security-Policy forbids");
});

test("measures the visit after one wheel changed, and one after which nothing did", async () => {
  const query = "?r=changing&r=lxml&mode=loadPackage&mode=loader&bytecode=off&visit=second&visit=changed" +
    "&changed=changing%3D%3D1&rounds=1&start";
  // Without a cache on disk a browser keeps no bundle of that size.
  const context = await launchWithCache(server);
  const { page, problems } = await openIn(context, query);
  const { series } = await resultsOf(page);
  const byId = Object.fromEntries(series.map((/** @type {any} */ each) => [each.id, each]));
  for (const way of ["loadPackage", "loader-off"]) {
    // A bundle older than a minute is also looked up again, behind the visit's back.
    const archive = byId[`second-${way}`].runs[0].resources
      .find((/** @type {any} */ each) => /\.whl$|\/bundle\?/.test(each.url));
    assert.ok(archive.transferSize <= 300, `second visit by ${way}: ${archive.url} comes from the cache`);
    const [{ resources }] = byId[`changed-${way}`].runs;
    const lxml = resources.find((/** @type {any} */ each) => /lxml-.*\.whl$/.test(each.url));
    assert.equal(lxml?.transferSize ?? 0, 0, `${way}: the wheel that didn't change is in the cache`);
  }
  const changedWheel = byId["changed-loadPackage"].runs[0].resources
    .find((/** @type {any} */ each) => /changing-2-/.test(each.url));
  assert.ok(changedWheel.transferSize > 100_000, "the wheel that changed comes whole");
  const bundle = byId["changed-loader-off"].runs[0].resources.find((/** @type {any} */ each) => /\/bundle\?/.test(each.url));
  assert.ok(bundle.transferSize < changedWheel.transferSize / 2, `the bundle comes as a delta: ${bundle.transferSize}`);
  assert.match(await page.textContent(".verdict"), /^One round shows no spread/);
  assert.deepEqual(problems, []);
  await context.close();
});

test("each way runs to its end, with bytecode and without", async () => {
  const { page, problems } = await openCompare("?r=changing&import=changing&bytecode=off&bytecode=instead&visit=first&rounds=1");
  for (const box of await page.locator("[name=mode]").all()) {
    await box.check();
  }
  await page.click("text=Start");
  const { series } = await resultsOf(page);
  const ids = series.map((/** @type {any} */ each) => each.id).join(" ");
  for (const way of ["loadPackage", "loadPackage-early", "archive", "env", "env-early", "loader", "prefetch"]) {
    assert.ok(ids.includes(`first-${way}`), `${way} in ${ids}`);
  }
  for (const { id, reason, runs, summary } of series) {
    if (id.includes("micropip")) {
      continue;
    }
    assert.equal(reason ?? "", "", id);
    assert.equal(runs.length, 1, id);
    await checkFigures(page, { id, runs, summary });
  }
  assert.ok(series.filter((/** @type {any} */ { id }) => id.endsWith("-instead")).length >= 3, "env, loader, prefetch");
  assert.deepEqual(problems, []);
});

test("says what the server refuses, and what can't be chosen", async () => {
  const { page } = await openCompare("?r=nonsense&start");
  await page.waitForSelector("#problem:not([hidden])");
  assert.match(await page.textContent("#problem"), /Nothing in the wheelhouse is called nonsense/);
  assert.ok(!(await page.isVisible("#results")));

  await page.fill("#r", "lxml");
  await page.waitForSelector("#problem", { state: "hidden" });
  assert.ok(await page.isDisabled("[name=changed]"), "lxml has one version here");
  await page.check("[value=changed]");
  await page.click("text=Start");
  await page.waitForSelector("#problem:not([hidden])");
  assert.match(await page.textContent("#problem"), /No project of this set has two versions here/);

  await page.fill("#r", "changing");
  await page.waitForSelector("[name=changed]:enabled");
  assert.match(await page.textContent("[name=changed]"), /^changing 1 → 2$/);
});

test("a run can be stopped, and a way that fails says why", async () => {
  const { page } = await openCompare("?r=changing&import=no_such_module&mode=loader&mode=env&bytecode=off&visit=first&rounds=1&start");
  const { series } = await resultsOf(page);
  for (const { reason, runs } of series) {
    assert.match(reason, /No module named 'no_such_module'/);
    assert.deepEqual(runs, []);
  }
  assert.match(await page.textContent(".verdict"), /There is nothing to compare: no way was run to the end/);
  await page.fill("#import", "changing");
  await page.fill("#rounds", "50");
  await page.click("text=Start");
  await page.click("#stop");
  await page.waitForSelector("#results:not([hidden])");
  assert.ok(!(await page.isVisible("#stop")));
});

test("fits a phone", async () => {
  const { page, problems } = await openCompare("", { viewport: { width: 360, height: 740 }, isMobile: true });
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 360);
  await page.goto(server.url);
  await page.click("a:has-text('Measure in your browser')");
  await page.waitForSelector("#choices");
  assert.deepEqual(problems, []);
});
