// tests/examples/ as they stand, from wheelbarrow itself, in Chromium and in Node.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import fs from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";

import { environment, fetchLoader, here, launchBrowser, pyodideRuntime, startServer, temporaryFolder } from "./harness.mjs";

const run = promisify(execFile);
const examples = path.join(here, "../examples");
const clients = environment("WHEELBARROW_BROWSER_CLIENTS");

/** @type {any} */
let server;
/** @type {any} */
let browser;

before(async () => {
  const wheels = await temporaryFolder();
  await run("/usr/bin/python3", ["-B", `${here}/stand_in_micropip.py`, wheels]);
  server = await startServer({
    wheels: [wheels],
    options: [
      "--static", `${examples}:/examples`,
      ...["stlite", "pyscript"].flatMap((name) => ["--static", `${clients}/${name}:/${name}`]),
      "--static", `${clients}/jupyterlite:/jupyterlite`,
    ],
  });
  browser = await launchBrowser(server);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/**
 * Opens an example. `requests` and `messages` go on growing.
 *
 * @param {string} name
 */
async function open(name) {
  const page = await browser.newPage();
  /** @type {string[]} */
  const requests = [];
  /** @type {string[]} */
  const messages = [];
  page.on("request", (/** @type {any} */ request) => requests.push(new URL(request.url()).pathname));
  page.on("console", (/** @type {any} */ message) => messages.push(message.text()));
  page.on("pageerror", (/** @type {Error} */ error) => messages.push(String(error)));
  await page.goto(new URL(`examples/${name}`, server.url).href);
  return { page, requests, messages };
}

/**
 * Waits until the page says something, or fails with what the console said.
 *
 * @param {{page: any, messages: string[]}} opened
 * @param {string} text
 */
async function says({ page, messages }, text) {
  await page
    .waitForFunction((/** @type {string} */ text) => document.body?.innerText.trim() === text, text, { timeout: 120_000 })
    .catch((/** @type {Error} */ error) => assert.fail(`${error}\n${messages.join("\n")}`));
}

/** @param {string[]} requests */
const packages = (requests) => requests.filter((name) => /^\/bundle\b|\.(tar|whl)$/.test(name));

test("a plain page", async () => {
  const opened = await open("page.html");
  await says(opened, "2.0");
  assert.deepEqual(packages(opened.requests), ["/bundle"]);
  const runtime = opened.requests.findIndex((name) => /^\/pyodide\/\w+\/pyodide\.asm\.wasm$/.test(name));
  assert.ok(opened.requests.indexOf("/bundle") < runtime, `it begins early: ${opened.requests}`);
});

test("a web worker", async () => {
  const opened = await open("worker.html");
  await says(opened, "hello");
});

test("PyScript, by `interpreter` alone", async () => {
  const opened = await open("pyscript.html");
  await says(opened, "21");
  const [bundle, ...others] = packages(opened.requests);
  assert.match(bundle, /^\/bundles\/[0-9a-f]{64}\.tar$/);
  assert.deepEqual(others, [], "PyScript fetches no wheel of its own");
});

test("stlite takes runtime and bundle from here, as far as npm's packages reach", async () => {
  const opened = await open("stlite.html");
  const end = await opened.page.waitForEvent("console", {
    predicate: (/** @type {any} */ message) => /asked for/.test(message.text()),
    timeout: 120_000,
  });
  // What stlite brings itself, it then asks micropip for; real micropip would go on, to pandas and others.
  assert.match(end.text(), /asked for .*protobuf.*streamlit-1\.62\.0.*stlite_lib/);
  assert.ok(opened.requests.includes("/env/numpy,micropip/pyodide.asm.wasm"), opened.requests.join("\n"));
  // stlite loads micropip by its name before anything else.
  const [micropip, bundle, ...others] = packages(opened.requests);
  assert.match(micropip, /^\/wheels\/.*\/micropip-/);
  assert.match(bundle, /^\/bundles\/[0-9a-f]{64}\.tar$/);
  assert.deepEqual(others, [], "numpy came in the bundle");
});

test("JupyterLite's kernel takes runtime and bundle from here, as far as npm's packages reach", async () => {
  const settings = JSON.parse(await fs.readFile(`${examples}/jupyterlite/jupyter-lite.json`, "utf8"));
  const kernel = settings["jupyter-config-data"].litePluginSettings["@jupyterlite/pyodide-kernel-extension:kernel"];
  const { page, messages, requests } = await open("worker.html");
  const wheels = (await fs.readdir(`${clients}/jupyterlite/pypi`)).filter((name) => name.startsWith("piplite"));
  const error = await page.evaluate(
    async (/** @type {any} */ { kernel, piplite }) => {
      const pyodideUrl = new URL(kernel.pyodideUrl, location.href).href;
      const worker = new Worker("/jupyterlite/lib/comlink.worker.js", { type: "module" });
      // As the kernel's page side does it, in Comlink's protocol.
      const options = {
        ...kernel,
        baseUrl: location.origin,
        pyodideUrl,
        indexUrl: pyodideUrl.slice(0, pyodideUrl.lastIndexOf("/") + 1),
        pipliteWheelUrl: piplite,
        pipliteUrls: [],
        disablePyPIFallback: true,
        location: "",
        mountDrive: false,
      };
      return new Promise((resolve) => {
        worker.onmessage = ({ data }) => data.id === "1" && resolve(data.value?.value?.message ?? "initialized");
        worker.postMessage({ id: "1", type: "APPLY", path: ["initialize"], argumentList: [{ type: "RAW", value: options }] });
      });
    },
    { kernel, piplite: new URL(`jupyterlite/pypi/${wheels[0]}`, server.url).href },
  );
  // Where the stand-in for micropip ends: piplite, JupyterLite's own wheel, hasn't been installed.
  assert.match(error, /No module named 'piplite'/);
  assert.ok(messages.some((text) => /asked for .*piplite/.test(text)), messages.join("\n"));
  assert.ok(requests.includes("/env/numpy,micropip/pyodide.asm.wasm"), requests.join("\n"));
  assert.equal(packages(requests.filter((name) => name.startsWith("/bundles/"))).length, 1);
});

test("Node", async () => {
  const folder = await temporaryFolder();
  await fetchLoader(server.plainURL, `${folder}/client`);
  await fs.mkdir(`${folder}/node_modules`);
  await fs.symlink(pyodideRuntime, `${folder}/node_modules/pyodide`);
  await fs.copyFile(`${examples}/node.mjs`, `${folder}/node.mjs`);
  const { stdout } = await run(process.execPath, [`${folder}/node.mjs`, server.plainURL]);
  assert.equal(stdout.trim(), "hello");
});

test("README shows the examples as they are", async () => {
  const readme = await fs.readFile(path.join(examples, "../../README.md"), "utf8");
  for (const name of ["page.html", "worker.mjs", "pyscript.html", "stlite.html", "jupyterlite/jupyter-lite.json", "node.mjs"]) {
    const text = await fs.readFile(path.join(examples, name), "utf8");
    assert.ok(readme.includes(text), `README.md differs from ${name}`);
    assert.ok(text.trim().split("\n").length <= 10, `${name} is short`);
  }
});
