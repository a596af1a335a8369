// What the tests share: the real server, a real browser, and a proxy that damages what passes through it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import fs from "node:fs/promises";
import http from "node:http";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import tls from "node:tls";
import { fileURLToPath, pathToFileURL } from "node:url";

/** @param {string} name */
export function environment(name) {
  const value = process.env[name];
  assert.ok(value, `${name} is not set: run the tests with tests/run.sh or ctest`);
  return value;
}

export const here = path.dirname(fileURLToPath(import.meta.url));
export const sampleWheels = environment("WHEELBARROW_SAMPLE_WHEELS");
export const pyodideRuntime = environment("WHEELBARROW_PYODIDE_RUNTIME");
export const nodeModules = environment("WHEELBARROW_NODE_MODULES");
export const requireModule = createRequire(path.join(nodeModules, "tests.js"));

/** A folder that is gone when the process ends. */
export async function temporaryFolder() {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "wheelbarrow-"));
  process.on("exit", () => createRequire(import.meta.url)("node:fs").rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * Starts the server with the sample wheels, a Pyodide runtime and the page of app/. `url` is its TLS address,
 * `plainURL` the other.
 *
 * @param {{wheels?: string[], options?: string[], command?: string[]}} [more] folders of wheels, options, and what to
 *   run instead of `serve` with the sample wheels
 */
export async function startServer({ wheels = [], options = [], command = ["serve", "--wheels", sampleWheels] } = {}) {
  const data = await temporaryFolder();
  const child = spawn(environment("WHEELBARROW"), [
    ...command, ...wheels.flatMap((folder) => ["--wheels", folder]),
    "--pyodide", pyodideRuntime, "--static", `${here}/app:/app`, "--data", data,
    "--listen", "127.0.0.1:0", "--listen-plain", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--log-format", "text",
    ...options,
  ]);
  process.on("exit", () => child.kill("SIGKILL"));
  let log = "";
  const listening = new Promise((resolve, reject) => {
    const read = (/** @type {Buffer} */ chunk) => {
      log += chunk;
      const secure = /listening\s+url=(https:\/\/127\.0\.0\.1:\d+\/)/.exec(log);
      const admin = /listening\s+admin=(http:\S+)/.exec(log);
      const plain = /listening\s+url=(http:\/\/127\.0\.0\.1:\d+\/)/.exec(log);
      if (secure && plain && admin) {
        resolve([secure[1].replace("127.0.0.1", "localhost"), plain[1], admin[1]]);
      }
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.on("exit", (code) => reject(new Error(`the server ended with ${code} before it listened:\n${log}`)));
    setTimeout(() => reject(new Error(`the server didn't listen within 60 s:\n${log}`)), 60_000).unref();
  });
  const [url, plainURL, adminURL] = await listening;
  return {
    url,
    plainURL,
    /** A number of /metrics. @param {string} name */
    async metric(name) {
      const text = await (await fetch(new URL("metrics", adminURL))).text();
      return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
    },
    log: () => log,
    async stop() {
      const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve(code ?? signal)));
      child.kill("SIGTERM");
      const impatience = setTimeout(() => child.kill("SIGKILL"), 30_000);
      const how = await ended;
      clearTimeout(impatience);
      assert.equal(how, 0, `the server should end cleanly on SIGTERM; its log:\n${log}`);
    },
  };
}

/**
 * A browser with a fresh profile that trusts the server's certificate by its public key, which, other than ignoring
 * all errors, leaves every rule for secure contexts in force.
 *
 * @param {{url: string}} server
 */
export async function launchBrowser(server) {
  return requireModule("playwright-core").chromium.launch(await launchOptions(server));
}

/** The same with a cache on disk, as users have one; opens pages itself. @param {{url: string}} server */
export async function launchWithCache(server) {
  const { chromium } = requireModule("playwright-core");
  return chromium.launchPersistentContext(await temporaryFolder(), await launchOptions(server));
}

/** @param {{url: string}} server */
async function launchOptions(server) {
  return {
    executablePath: environment("CHROMIUM"),
    headless: true,
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP insecure.test 127.0.0.1",
      `--ignore-certificate-errors-spki-list=${await publicKeyHash(server.url)}`,
    ],
  };
}

/** @param {string} url */
function publicKeyHash(url) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => {
      const certificate = new X509Certificate(socket.getPeerCertificate().raw);
      socket.end();
      const spki = certificate.publicKey.export({ type: "spki", format: "der" });
      resolve(createHash("sha256").update(spki).digest("base64"));
    });
    socket.on("error", reject);
  });
}

/**
 * Opens the blank page of app/. What the page reports as an error fails the test that asks `problems()`.
 *
 * @param {any} browser
 * @param {string} baseURL
 */
export async function openApp(browser, baseURL) {
  const page = await browser.newPage();
  /** @type {string[]} */
  const problems = [];
  page.on("pageerror", (/** @type {Error} */ error) => problems.push(String(error)));
  await page.goto(new URL("app/index.html", baseURL).href);
  return { page, problems: () => problems };
}

/**
 * The loader as the server hands it out, for Node, which imports no https: URLs.
 *
 * @param {string} baseURL
 * @param {string} [folder] where its files are put
 */
export async function fetchLoader(baseURL, folder) {
  folder ??= await temporaryFolder();
  await fs.mkdir(folder, { recursive: true });
  const names = new Set(["wheelbarrow.mjs"]);
  for (const name of names) {
    const response = await fetch(new URL(`client/${name}`, baseURL));
    assert.equal(response.status, 200, name);
    const text = await response.text();
    for (const [, other] of text.matchAll(/"\.\/(\w+\.mjs)"/g)) {
      names.add(other);
    }
    await fs.writeFile(path.join(folder, name), text);
  }
  return import(pathToFileURL(path.join(folder, "wheelbarrow.mjs")).href);
}

export async function bootPyodide() {
  const { loadPyodide } = await import(pathToFileURL(path.join(pyodideRuntime, "pyodide.mjs")).href);
  return loadPyodide();
}

/**
 * A plain HTTP server in front of another, which changes the body of bundles: `change` gets the whole identity body
 * and the path, and returns what is sent instead. Everything else passes as it is.
 *
 * @param {string} target
 * @param {(body: Buffer, path: string) => Buffer} change
 * @param {{chunk?: number, pause?: number}} [pace] bytes at a time, milliseconds between
 */
export async function startProxy(target, change, { chunk = Infinity, pause = 0 } = {}) {
  const proxy = http.createServer(async (request, response) => {
    try {
      const answer = await fetch(new URL(request.url ?? "/", target), { headers: { "accept-encoding": "identity" } });
      const isBundle = answer.ok && /^\/bundles?[?/]/.test(request.url ?? "");
      const whole = Buffer.from(await answer.arrayBuffer());
      const body = isBundle ? change(whole, request.url ?? "") : whole;
      const fields = [...answer.headers].filter(([name]) => !/^(content-length|connection|transfer-)/.test(name));
      response.writeHead(answer.status, Object.fromEntries(fields));
      for (let at = 0; at < body.length && !response.destroyed; at += chunk) {
        response.write(body.subarray(at, at + chunk));
        if (pause) {
          await new Promise((resolve) => setTimeout(resolve, pause));
        }
      }
      response.end();
    } catch (error) {
      response.destroy(/** @type {Error} */ (error));
    }
  });
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (proxy.address());
  return {
    url: `http://127.0.0.1:${port}/`,
    stop() {
      proxy.closeAllConnections();
      proxy.close();
    },
  };
}
