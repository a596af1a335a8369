// The loader in a module worker.
import { after, before, test } from "node:test";

import { launchBrowser, openApp, startServer } from "./harness.mjs";
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

test("one bundle brings numpy, lxml, python-docx and opencv into a worker", async () => {
  const { page } = await openApp(browser, server.url);
  const { value, error } = await page.evaluate(
    (/** @type {any[]} */ parameters) =>
      new Promise((resolve) => {
        const worker = new Worker("/app/worker.mjs", { type: "module" });
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = (event) => resolve({ error: event.message });
        worker.postMessage(parameters);
      }),
    [server.url, requirements, program],
  );
  if (error) {
    throw new Error(error);
  }
  check(value);
});
