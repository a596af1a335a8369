// How much memory the loader takes at most while it installs, against the bundle's own size: the files have to be
// somewhere. What the browser makes of WebAssembly modules and of Python's own memory comes on top whoever installs.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import v8 from "node:v8";
import vm from "node:vm";

import { bootPyodide, fetchLoader, startServer } from "./harness.mjs";
import { requirements } from "./real_work.mjs";

/** @type {any} */
let server;
before(async () => {
  server = await startServer();
});
after(() => server?.stop());

function collectGarbage() {
  v8.setFlagsFromString("--expose-gc");
  vm.runInNewContext("gc")();
}

/** Until nothing that isn't used is left, such as an earlier Pyodide, which takes several rounds. */
async function settle() {
  for (let calm = 0, before = Infinity; calm < 5; ) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const { arrayBuffers } = process.memoryUsage();
    calm = arrayBuffers < before ? 0 : calm + 1;
    before = Math.min(before, arrayBuffers);
  }
}

// Large ones: no engine troubles to collect the few MB of chunks that a small one leaves behind.
for (const wanted of [requirements, ["pymupdf"]]) {
  test(`installing ${wanted.join(", ")} takes less than 2.2 times the bundle's size`, async () => {
    await settle();
    const { install } = await fetchLoader(server.plainURL);
    const pyodide = await bootPyodide();
    collectGarbage();
    const start = process.memoryUsage().arrayBuffers;
    let most = 0;
    const look = () => (most = Math.max(most, process.memoryUsage().arrayBuffers - start));
    const looking = setInterval(look, 2);
    const { size } = await install(pyodide, wanted, { baseURL: server.plainURL, onProgress: look });
    look();
    clearInterval(looking);
    assert.ok(most > 0.9 * size, `the files are in memory, so ${most} bytes can't be all`);
    assert.ok(most < 2.2 * size, `${(most / size).toFixed(2)} times the bundle's ${size} bytes`);
    await settle();
    const kept = process.memoryUsage().arrayBuffers - start;
    assert.ok(kept < 1.1 * size, `${(kept / size).toFixed(2)} times the bundle's size is kept`);
  });
}
