// Installations that follow each other, meet, or end half-way, and what Pyodide knows of them.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import path from "node:path";
import { after, before, test } from "node:test";

import { bootPyodide, fetchLoader, here, startProxy, startServer, temporaryFolder } from "./harness.mjs";

/** @type {any} */
let server;
/** @type {any} */
let loader;

before(async () => {
  const wheels = await temporaryFolder();
  // One for each of the tags that a runtime's platform has, and one for another runtime.
  makeWheels(wheels, {
    pep783: "cp313-cp313-pyemscripten_2025_0_wasm32",
    own: "cp313-cp313-pyodide_2025_0_wasm32",
    oldest: "cp313-cp313-emscripten_4_0_9_wasm32",
    newer: "cp314-cp314-pyemscripten_2026_0_wasm32",
  });
  server = await startServer({ wheels: [wheels] });
  loader = await fetchLoader(server.plainURL);
});
after(() => server?.stop());

/**
 * @param {string} folder
 * @param {Record<string, string>} tags by project
 */
function makeWheels(folder, tags) {
  const program = "import json, sys; from wheels import make_wheel\n" +
    "[make_wheel(sys.argv[1], name, '1.0', tag=tag) for name, tag in json.loads(sys.argv[2]).items()]";
  execFileSync("python3", ["-B", "-c", program, folder, JSON.stringify(tags)], {
    cwd: path.join(here, "../integration"),
  });
}

test("every tag of the runtime's platform is good", async () => {
  const pyodide = await bootPyodide();
  for (const name of ["pep783", "own", "oldest"]) {
    await loader.install(pyodide, name, { baseURL: server.plainURL });
    assert.equal(pyodide.runPython(`import ${name}; ${name}.version`), "1.0");
  }
  const named = loader.install(pyodide, "newer", { baseURL: server.plainURL, target: "pyodide-314" });
  await assert.rejects(named, /doesn't fit cp313-/);
});

test("a guess that the server refuses is asked again for the runtime that is there", async () => {
  const other = await startServer({ options: ["--target", "cp311-manylinux_2_36_x86_64"] });
  try {
    const pyodide = await bootPyodide();
    // There is no lxml for that target, which /bundle says with 422.
    const ready = loader.prefetch("lxml", { baseURL: other.plainURL });
    const { target } = await loader.install(pyodide, ready);
    assert.equal(target, "pyodide-0.29");
    const hopeless = loader.prefetch("lxml<2", { baseURL: other.plainURL });
    await assert.rejects(loader.install(pyodide, hopeless), /lxml/);
  } finally {
    await other.stop();
  }
});

test("Pyodide knows what stayed of an installation that failed", async () => {
  const pyodide = await bootPyodide();
  const proxy = await startProxy(server.plainURL, (body) => body.subarray(0, body.length - 100_000));
  try {
    const failing = loader.install(pyodide, "python-docx", { baseURL: proxy.url, retries: 0 });
    const { installed } = await failing.then(assert.fail, (/** @type {any} */ error) => error);
    assert.deepEqual(installed.map((/** @type {any} */ wheel) => wheel.name), ["lxml", "typing-extensions"]);
    assert.match(pyodide.loadedPackages.lxml, /\/bundles\/[0-9a-f]{64}\.tar$/);
    assert.equal(pyodide.loadedPackages["python-docx"], undefined);
  } finally {
    proxy.stop();
  }
  delete pyodide.loadedPackages.lxml;
  const { wheels } = await loader.install(pyodide, "python-docx", { baseURL: server.plainURL });
  assert.equal(wheels.find((/** @type {any} */ wheel) => wheel.name === "lxml").already, true);
  assert.ok(pyodide.loadedPackages.lxml && pyodide.loadedPackages["python-docx"]);
});

test("two installations at a time take turns, whatever becomes of the first", async () => {
  const pyodide = await bootPyodide();
  const slow = await startProxy(server.plainURL, (body) => body, { chunk: 200_000, pause: 30 });
  const stop = new AbortController();
  try {
    const reason = new Error("the reader left");
    const first = loader.install(pyodide, "lxml", {
      baseURL: slow.url,
      signal: stop.signal,
      onProgress: (/** @type {any} */ { phase, loaded }) => phase === "download" && loaded > 1_000_000 && stop.abort(reason),
    });
    const second = loader.install(pyodide, ["lxml", "python-docx"], { baseURL: server.plainURL });
    await assert.rejects(first, (/** @type {any} */ error) => error === reason);
    await second;
    assert.equal(pyodide.runPython("import docx, lxml.etree; lxml.etree.fromstring('<a/>').tag"), "a");
  } finally {
    slow.stop();
  }
});

test("a signal that has spoken ends what was prefetched, too", async () => {
  const pyodide = await bootPyodide();
  let ended = 0;
  const slow = await startProxy(server.plainURL, (body) => body, { chunk: 100_000, pause: 20 });
  try {
    const ready = loader.prefetch("lxml", { baseURL: slow.url });
    const { download } = ready;
    const reason = new Error("the reader left");
    const installing = loader.install(pyodide, ready, { signal: AbortSignal.abort(reason) });
    await assert.rejects(installing, (/** @type {any} */ error) => error === reason);
    await download.manifests().catch((/** @type {any} */ error) => (ended += Number(error === reason || error.name === "AbortError")));
    assert.equal(ended, 1);
  } finally {
    slow.stop();
  }
});

test("with integrity, nothing is in place before everything is right", async () => {
  const pyodide = await bootPyodide();
  // The end marker is no wheel's, so only the whole bundle's hash can tell.
  const proxy = await startProxy(server.plainURL, (body) => body, { chunk: 200_000, pause: 5 });
  /** @type {string[]} */
  const seen = [];
  try {
    await loader.install(pyodide, "lxml", {
      baseURL: proxy.url,
      integrity: true,
      onProgress: (/** @type {any} */ { phase, loaded, total }) => {
        const there = pyodide.FS.analyzePath("/lib/python3.13/site-packages/lxml").exists;
        seen.push(phase);
        assert.ok(!there || loaded === total, `${phase}: ${loaded} of ${total}`);
      },
    });
    assert.ok(seen.filter((phase) => phase === "download").length > 5);
    assert.equal(pyodide.runPython("import lxml.etree; lxml.etree.fromstring('<a/>').tag"), "a");
  } finally {
    proxy.stop();
  }
});

test("nothing is left in the global scope", async () => {
  const before = Object.keys(globalThis);
  const other = await fetchLoader(server.plainURL);
  await other.install(await bootPyodide(), "typing-extensions", { baseURL: server.plainURL });
  assert.deepEqual(Object.keys(globalThis).filter((name) => !before.includes(name)), []);
});
