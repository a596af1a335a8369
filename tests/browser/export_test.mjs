// An exported folder behind a real nginx: stock Pyodide starts from it, and the loader installs from it. No server of
// ours runs.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs/promises";
import net from "node:net";
import path from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";

import { here, launchBrowser, openApp, pyodideRuntime, sampleWheels, temporaryFolder } from "./harness.mjs";

/** @type {any} */
let nginx;
/** @type {any} */
let browser;

/** @param {string} program @param {string[]} words */
function run(program, words) {
  const { status, stdout, stderr } = spawnSync(program, words, { encoding: "utf8" });
  assert.equal(status, 0, `${program} ${words}:\n${stdout}${stderr}`);
  return stdout;
}

/**
 * TLS, because browsers ask for Brotli and zstd on secure connections only. `url` follows the exported rules, `plain` none: files
 * are sent as they are.
 *
 * @param {string} root
 */
async function startNginx(root) {
  const folder = await temporaryFolder();
  const [certificate, key] = ["certificate.pem", "key.pem"].map((name) => path.join(folder, name));
  run("openssl", [
    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
    "-addext", "subjectAltName=DNS:localhost", "-days", "2", "-keyout", key, "-out", certificate,
  ]);
  const [port, plainPort] = [await freePort(), await freePort()];
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${folder}/${kind};`);
  await fs.writeFile(path.join(folder, "conf"), `
    daemon off; ${process.getuid?.() === 0 ? "user root;" : ""} worker_processes 1; pid ${folder}/pid; error_log stderr;
    events {}
    http {
      access_log off; ${temporary.join(" ")}
      include /etc/nginx/mime.types;
      types { text/javascript mjs; }
      ssl_certificate ${certificate}; ssl_certificate_key ${key};
      root ${root};
      server { listen 127.0.0.1:${port} ssl http2; include ${root}/nginx.conf; }
      server { listen 127.0.0.1:${plainPort} ssl http2; }
    }`);
  const child = spawn("nginx", ["-e", "stderr", "-p", folder, "-c", path.join(folder, "conf")]);
  process.on("exit", () => child.kill("SIGKILL"));
  let log = "";
  child.stderr.on("data", (chunk) => (log += chunk));
  const deadline = Date.now() + 30_000;
  while (!(await listens(port))) {
    assert.ok(child.exitCode === null && Date.now() < deadline, `nginx doesn't listen:\n${log}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { url: `https://localhost:${port}/`, plain: `https://localhost:${plainPort}/`, stop: () => child.kill("SIGTERM") };
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve) => {
    const probe = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = /** @type {net.AddressInfo} */ (probe.address());
      probe.close(() => resolve(port));
    });
  });
}

/** @param {number} port @returns {Promise<boolean>} */
function listens(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1", () => (socket.destroy(), resolve(true)));
    socket.on("error", () => resolve(false));
  });
}

before(async () => {
  const folder = await temporaryFolder();
  const program = process.env.WHEELBARROW ?? "";
  run(program, [
    "export", "--wheels", sampleWheels, "--pyodide", pyodideRuntime, "--to", folder, "--fast", "--max-part", "3000000",
    "science:numpy,lxml,python-docx,fonttools", "python-docx",
  ]);
  // An app of one's own lies beside what was exported.
  await fs.cp(path.join(here, "app"), path.join(folder, "app"), { recursive: true });
  nginx = await startNginx(folder);
  browser = await launchBrowser(nginx);
});
after(async () => {
  await browser?.close();
  nginx?.stop();
});

const work = `
import io, json, docx
from lxml import etree
document = docx.Document()
document.add_paragraph("static")
saved = io.BytesIO()
document.save(saved)
saved.seek(0)
json.dumps([etree.fromstring("<a><b/></a>").xpath("count(//b)"), docx.Document(saved).paragraphs[0].text])`;

/** The codings of the answers that a page got, by the path's ending. @param {any} page */
function watchCodings(page) {
  /** @type {Map<string, Set<string | undefined>>} */
  const codings = new Map();
  page.on("response", (/** @type {any} */ response) => {
    const ending = path.extname(new URL(response.url()).pathname);
    codings.set(ending, (codings.get(ending) ?? new Set()).add(response.headers()["content-encoding"]));
  });
  return codings;
}

/** @param {string[]} parameters */
async function installOnPage([base, name, python]) {
  const { loadPyodide } = await import(`${base}env/science/pyodide.mjs`);
  const { install } = await import(`${base}client/wheelbarrow.mjs`);
  const pyodide = await loadPyodide();
  performance.clearResourceTimings();
  const { bundle, wheels } = await install(pyodide, new URL(`${base}sets/${name}.json`));
  const requests = performance.getEntriesByType("resource").map((entry) => new URL(entry.name).pathname);
  const names = wheels.map((/** @type {any} */ wheel) => wheel.name);
  return { bundle, names, requests, result: JSON.parse(pyodide.runPython(python)) };
}

for (const [set, archives] of /** @type {[string, number][]} */ ([["science", 3], ["python-docx", 1]])) {
  test(`stock Pyodide boots from env/${set}/ and has the bundle`, async () => {
    const { page, problems } = await openApp(browser, nginx.url);
    const codings = watchCodings(page);
    const outcome = await page.evaluate(async (/** @type {string[]} */ [folder, python]) => {
      const { loadPyodide } = await import(`${folder}pyodide.mjs`);
      const pyodide = await loadPyodide({ packages: ["bundle"] });
      const result = JSON.parse(pyodide.runPython(python));
      const requests = performance.getEntriesByType("resource").map((entry) => entry.name);
      return { result, requests, loaded: Object.keys(pyodide.loadedPackages) };
    }, [`${nginx.url}env/${set}/`, work]);
    assert.deepEqual(outcome.result, [1, "static"]);
    assert.ok(outcome.loaded.includes("python-docx"), outcome.loaded.join());
    const tars = outcome.requests.filter((/** @type {string} */ url) => url.endsWith(".tar"));
    assert.equal(tars.length, archives, tars.join("\n"));
    for (const ending of [".tar", ".wasm", ".mjs"]) {
      assert.deepEqual([...(codings.get(ending) ?? [])], ["br"], ending);
    }
    assert.deepEqual(problems(), []);
  });

  test(`the loader installs from sets/${set}.json`, async () => {
    const { page, problems } = await openApp(browser, nginx.url);
    const codings = watchCodings(page);
    const outcome = await page.evaluate(installOnPage, [nginx.url, set, work]);
    assert.deepEqual(outcome.result, [1, "static"]);
    assert.ok(outcome.bundle.startsWith(`${nginx.url}bundles/`), outcome.bundle);
    assert.ok(outcome.names.includes("python-docx"));
    assert.equal(outcome.requests[0], `/sets/${set}.json`);
    const tars = new Set(outcome.requests.filter((/** @type {string} */ name) => name.endsWith(".tar")));
    assert.equal(tars.size, archives, outcome.requests.join("\n"));
    assert.deepEqual([...(codings.get(".tar") ?? [])], ["br"]);
    assert.deepEqual(problems(), []);
  });
}

test("where a host sends files as they are, the loader takes the gzip files", async () => {
  const { page, problems } = await openApp(browser, nginx.plain);
  const outcome = await page.evaluate(installOnPage, [nginx.plain, "science", work]);
  assert.deepEqual(outcome.result, [1, "static"]);
  assert.equal(outcome.requests.filter((/** @type {string} */ name) => name.endsWith(".tar.gz")).length, 3);
  assert.deepEqual(problems(), []);
});

test("a gzip file is unpacked, and one that the host has decoded already is taken as it is", async () => {
  const { unpacked } = await import("../../server/web/client/gzip_file.mjs");
  const text = "wheelbarrow ".repeat(100_000);
  for (const bytes of [gzipSync(text), Buffer.from(text), Buffer.alloc(0)]) {
    const body = new Response(Uint8Array.from(bytes)).body;
    assert.ok(body);
    const read = await new Response(await unpacked(body)).text();
    assert.equal(read, bytes.length === 0 ? "" : text);
  }
  const broken = gzipSync(text).subarray(0, 500);
  const body = new Response(Uint8Array.from(broken)).body;
  assert.ok(body);
  await assert.rejects(new Response(await unpacked(body)).text());
});
