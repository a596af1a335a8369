/**
 * One measurement in a worker of its own: a fresh Pyodide, one way to install, one message in, one message out. The
 * page at `/compare` starts these workers, and so may any other program.
 *
 * @module
 */

import { measure } from "./measure.mjs";

addEventListener("message", async ({ data }) => postMessage(await measure(data)), { once: true });
