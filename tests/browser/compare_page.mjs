// What the page /compare shows, read off it.
import assert from "node:assert/strict";
import fs from "node:fs/promises";
import path from "node:path";

/**
 * Waits for the results; their file's content.
 *
 * @param {any} page
 * @param {string} [downloads] where the browser puts files, if it doesn't tell
 */
export async function resultsOf(page, downloads) {
  await page.waitForSelector("#results:not([hidden])", { timeout: 600_000 });
  if (downloads) {
    await page.click("#json");
    return fileIn(downloads);
  }
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#json")]);
  return JSON.parse(await fs.readFile(await download.path(), "utf8"));
}

/** The file that comes, once it is whole. @param {string} folder @returns {Promise<any>} */
async function fileIn(folder) {
  for (const end = Date.now() + 60_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 100))) {
    const name = (await fs.readdir(folder)).find((each) => each.endsWith(".json"));
    const text = name ? await fs.readFile(path.join(folder, name), "utf8") : "";
    if (text.trimEnd().endsWith("}")) {
      return JSON.parse(text);
    }
  }
  throw new Error(`no download came; there is ${await fs.readdir(folder)}`);
}

/**
 * The table's figures are those of the file.
 *
 * @param {any} page
 * @param {{id: string, runs: any[], summary: any}} series of the file
 */
export async function checkFigures(page, { id, runs, summary }) {
  const row = page.locator(`[data-series=${id}]`);
  for (const [figure, value] of [
    ["total", (/** @type {any} */ run) => run.times.imported],
    ["ready", (/** @type {any} */ run) => run.times.runtimeReady],
    ["bytes", (/** @type {any} */ run) => run.bytes.packages],
  ]) {
    // What loadPyodide installs itself has no moment when only the runtime is ready.
    if (summary[figure] === undefined && figure === "ready") {
      continue;
    }
    const wanted = median(runs.map(value));
    assert.equal(summary[figure].median, wanted, `${id} ${figure}`);
    const [shown] = (await row.locator(`[data-figure=${figure}]`).textContent()).split(/(?<=ms|s|B)/);
    const [, number, unit] = /^([\d.]+) (\w+)$/.exec(shown) ?? [];
    const scale = { ms: 1, s: 1000, B: 1, kB: 1e3, MB: 1e6 }[unit] ?? NaN;
    const step = scale / 10 ** (number.split(".")[1]?.length ?? 0);
    assert.ok(Math.abs(Number(number) * scale - wanted) <= 0.51 * step + 1, `${shown} for ${wanted}`);
  }
}

/** @param {number[]} values */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}
