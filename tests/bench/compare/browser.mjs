// Chromium in one of the namespaces, and one visit of a page whose worker installs and imports.
import { execFileSync } from "node:child_process";
import fs from "node:fs/promises";
import path from "node:path";

/**
 * @typedef {object} Visit what the worker reports, and beside it
 * @property {{runtimeReady?: number, installed: number, imported: number}} times ms since loadPyodide was called
 * @property {{runtime: number, packages: number}} bytes as they came, coded; what the cache had is 0
 * @property {any[]} resources
 * @property {any} phases
 * @property {string} protocol as ALPN names it
 */

/**
 * @param {import("./link.mjs").Link} link
 * @param {{playwright: any, chromium: string, publicKeyHash: string, folder: string}} with_
 */
export async function openBrowsers(link, { playwright, chromium, publicKeyHash, folder }) {
  /** A program that is Chromium on that side: Playwright wants one, not a command. @param {string} side */
  async function executable(/** @type {import("./link.mjs").Side} */ side) {
    const file = path.join(folder, `chromium-${side}`);
    await fs.writeFile(file, `#!/bin/sh\nexec ${link.inside(side, [chromium]).join(" ")} "$@"\n`, { mode: 0o755 });
    return file;
  }
  const executables = { client: await executable("client"), server: await executable("server") };
  let count = 0;

  return {
    /** A profile's folder: a copy, or an empty one. @param {string} [original] */
    profile(original) {
      const copy = path.join(folder, `profile-${count++}`);
      if (original) {
        execFileSync("cp", ["-a", "--reflink=auto", original, copy]);
      }
      return copy;
    },

    /**
     * One visit by a browser that starts with that profile, and leaves it as it is after the visit.
     *
     * @param {object} visit
     * @param {import("./link.mjs").Side} visit.side
     * @param {string} visit.profile
     * @param {string} visit.url the server's
     * @param {any} visit.message
     * @param {boolean} visit.http2
     * @param {number} visit.seconds that it may take
     * @param {() => Promise<void>} [visit.begin] called when the page is there, before the worker is
     * @param {boolean} [visit.lock] also fetch the runtime's own lock file, which not every way asks for
     * @param {any} [visit.throttle] DevTools' own, see profiles.mjs
     * @returns {Promise<Visit>}
     */
    async visit({ side, profile, url, message, http2, seconds, begin, lock, throttle }) {
      const context = await playwright.chromium.launchPersistentContext(profile, {
        executablePath: executables[side],
        headless: true,
        // They would end this process before it has cleaned up.
        handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false,
        args: [
          "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
          "--disable-component-update", "--disable-sync", ...(http2 ? [] : ["--disable-http2"]),
          // The certificate's name, which is also the one for which Chromium takes dictionaries from a test certificate.
          `--host-resolver-rules=MAP localhost ${link.address}`,
          `--ignore-certificate-errors-spki-list=${publicKeyHash}`,
        ],
      });
      try {
        const page = context.pages()[0] ?? (await context.newPage());
        await page.goto(new URL("app/index.html", url).href);
        const protocol = await page.evaluate(() => {
          const [navigation] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
          return isSecureContext ? navigation.nextHopProtocol : "not a secure context";
        });
        if (protocol !== (http2 ? "h2" : "http/1.1")) {
          throw new Error(`the page came by ${protocol}`);
        }
        if (throttle) {
          await throttleWorkers(context, page, throttle);
        }
        if (lock) {
          await page.evaluate(async () => {
            // It lies where the runtime's module really is.
            const { url } = await fetch("/pyodide/pyodide.mjs");
            await (await fetch(new URL("pyodide-lock.json", url))).arrayBuffer();
          });
        }
        await begin?.();
        const outcome = await page.evaluate(runWorker, { message, seconds });
        const complaint = outcome.error ?? outcome.unavailable;
        if (complaint) {
          throw new Error(complaint);
        }
        return { ...outcome, protocol };
      } finally {
        await context.close();
      }
    },
  };
}

/** In the page. @param {{message: any, seconds: number}} what @returns {Promise<any>} */
function runWorker({ message, seconds }) {
  return new Promise((resolve) => {
    const worker = new Worker("/client/compare/worker.mjs", { type: "module" });
    const end = (/** @type {any} */ outcome) => {
      worker.terminate();
      resolve(outcome);
    };
    worker.onmessage = ({ data }) => end(data);
    worker.onerror = (event) => end({ error: `the worker failed: ${event.message}` });
    setTimeout(() => end({ error: `not done after ${seconds} s` }), seconds * 1000);
    worker.postMessage(message);
  });
}

/**
 * DevTools' throttle for the workers that the page will start: each is a target of its own, held until it is throttled.
 *
 * @param {any} context
 * @param {any} page
 * @param {any} conditions
 */
async function throttleWorkers(context, page, conditions) {
  const session = await context.newCDPSession(page);
  let id = 0;
  session.on("Target.attachedToTarget", async (/** @type {any} */ { sessionId }) => {
    const commands = [
      { method: "Network.enable", params: {} },
      { method: "Network.emulateNetworkConditions", params: { offline: false, ...conditions } },
      { method: "Runtime.runIfWaitingForDebugger", params: {} },
    ];
    for (const command of commands) {
      const message = JSON.stringify({ id: ++id, ...command });
      await session.send("Target.sendMessageToTarget", { sessionId, message });
    }
  });
  await session.send("Target.setAutoAttach", { autoAttach: true, waitForDebuggerOnStart: true, flatten: false });
}
