// The two servers, in the server's namespace. The harness itself is outside and asks them over Unix domain sockets.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import fs from "node:fs/promises";
import http from "node:http";
import path from "node:path";
import { buffer } from "node:stream/consumers";

const firstPort = 8443;

/**
 * @param {string} socketPath
 * @param {string} target path and query
 * @param {string} [coding]
 * @returns {Promise<Buffer>} the body, if need be after a redirection
 */
function get(socketPath, target, coding = "identity") {
  return new Promise((/** @type {(body: Buffer | Promise<Buffer>) => void} */ resolve, reject) => {
    http.get({ socketPath, path: target, headers: { host: "localhost", "accept-encoding": coding } }, async (answer) => {
      const body = await buffer(answer);
      if (answer.statusCode === 307) {
        resolve(get(socketPath, new URL(answer.headers.location ?? "", new URL(target, "http://localhost")).pathname, coding));
        return;
      }
      answer.statusCode === 200 ? resolve(body) : reject(new Error(`${target}: ${answer.statusCode} ${body}`));
    }).on("error", reject);
  });
}

/** Runs a server until it is told to end. @param {string[]} command */
function run([program, ...words]) {
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => (log += chunk));
  }
  const ended = new Promise((resolve) => child.once("close", resolve));
  return {
    log: () => log,
    exited: () => child.exitCode !== null || child.signalCode !== null,
    async stop() {
      child.kill("SIGTERM");
      const impatience = setTimeout(() => child.kill("SIGKILL"), 15_000);
      await ended;
      clearTimeout(impatience);
    },
  };
}

/** @param {() => Promise<boolean>} ready @param {{log: () => string, exited: () => boolean}} server @param {number} [seconds] */
async function wait(ready, server, seconds = 60) {
  for (const end = Date.now() + seconds * 1000; !(await ready()); ) {
    if (server.exited() || Date.now() > end) {
      throw new Error(`a server isn't ready:\n${server.log()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/**
 * @param {import("./link.mjs").Link} link
 * @param {{program: string, wheels: string, pyodide: string, mounts: string[][], data: string, folder: string}} places
 */
export async function startWheelbarrow(link, { program, wheels, pyodide, mounts, data, folder }) {
  const plain = path.join(folder, "wheelbarrow.sock");
  const admin = path.join(folder, "admin.sock");
  const server = run(link.inside("server", [
    program, "serve", "--wheels", wheels, "--pyodide", pyodide, "--data", data,
    ...mounts.flatMap(([place, prefix]) => ["--static", `${place}:${prefix}`]),
    "--listen", `${link.address}:${firstPort}`, "--listen-plain", `unix:${plain}`, "--admin", `unix:${admin}`,
  ]));
  await wait(() => get(admin, "/readyz").then(() => true, () => false), server);
  const certificate = new X509Certificate(await fs.readFile(path.join(data, "certificate.pem")));
  const key = certificate.publicKey.export({ type: "spki", format: "der" });
  return {
    url: `https://localhost:${firstPort}/`,
    plain,
    /** For --ignore-certificate-errors-spki-list. */
    publicKeyHash: createHash("sha256").update(key).digest("base64"),
    data,
    /** @param {string} target path and query @param {string} [coding] */
    get: (target, coding) => get(plain, target, coding),
    /** Until the best forms of all that was asked for are made. */
    async settled() {
      const idle = async () => /^wheelbarrow_background_backlog 0$/m.test(String(await get(admin, "/metrics")));
      await wait(async () => {
        const first = await idle();
        await new Promise((resolve) => setTimeout(resolve, 300));
        return first && idle();
      }, server, 1200);
    },
    stop: server.stop,
  };
}

/** @typedef {Awaited<ReturnType<typeof startWheelbarrow>>} Wheelbarrow */

/**
 * Plain files, as a good deployment of nginx serves them: HTTP/2, sendfile, wheels uncoded and kept for a year. What is
 * not a wheel or a lock file it passes on to wheelbarrow, so that the runtime is the same for all. Each requirement set
 * has a port of its own, because its lock file has the same address everywhere; asked for with a constraint (`c=`), that
 * is the one of the set before its change.
 *
 * @param {import("./link.mjs").Link} link
 * @param {Wheelbarrow} wheelbarrow
 * @param {{query: string, before?: string}[]} sets the queries of their lock files
 * @param {{program: string, folder: string}} places
 */
export async function startNginx(link, wheelbarrow, sets, { program, folder }) {
  const root = path.join(folder, "nginx");
  const lines = [];
  for (const [number, { query, before }] of sets.entries()) {
    const own = path.join(root, String(number));
    await fs.mkdir(own, { recursive: true });
    await copyLock(wheelbarrow, query, root, path.join(own, "lock.json"));
    await copyLock(wheelbarrow, before ?? query, root, path.join(own, "lock-before.json"));
    lines.push(`server {
  listen ${link.address}:${firstPort + 1 + number} ssl http2;
  root ${root};
  location = /pyodide-lock.json {
    rewrite ^ /${number}/lock$suffix.json break;
  }
  location /wheels/ {
    gzip off;
    add_header Cache-Control "public, max-age=31536000, immutable";
  }
  location / {
    proxy_pass http://wheelbarrow;
    proxy_set_header Host $http_host;
  }
}`);
  }
  const configuration = path.join(folder, "nginx.conf");
  await fs.writeFile(configuration, `daemon off;
user root;
worker_processes auto;
pid ${folder}/nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  types { application/json json; application/octet-stream whl; }
  gzip on;
  gzip_types application/json;
  ssl_certificate ${wheelbarrow.data}/certificate.pem;
  ssl_certificate_key ${wheelbarrow.data}/key.pem;
  ssl_protocols TLSv1.3;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  proxy_http_version 1.1;
  map $arg_c $suffix { "" ""; default "-before"; }
  upstream wheelbarrow { server unix:${wheelbarrow.plain}; keepalive 8; }
  ${lines.join("\n")}
}
`);
  const server = run(link.inside("server", [program, "-c", configuration, "-e", "stderr"]));
  await wait(() => fs.access(path.join(folder, "nginx.pid")).then(() => true, () => false), server);
  return { urls: sets.map((_, number) => `https://localhost:${firstPort + 1 + number}/`), stop: server.stop };
}

/**
 * Writes a set's lock file, and its wheels where it then finds them.
 *
 * @param {Wheelbarrow} wheelbarrow
 * @param {string} query
 * @param {string} root
 * @param {string} file
 */
async function copyLock(wheelbarrow, query, root, file) {
  const lock = JSON.parse(String(await wheelbarrow.get(`/pyodide-lock.json?${query}`)));
  for (const entry of Object.values(lock.packages)) {
    const { pathname } = new URL(entry.file_name, wheelbarrow.url);
    assert.match(pathname, /^\/wheels\/[0-9a-f]{64}\/[^/]+\.whl$/);
    entry.file_name = pathname;
    const place = path.join(root, decodeURIComponent(pathname));
    await fs.mkdir(path.dirname(place), { recursive: true });
    await fs.writeFile(place, await wheelbarrow.get(pathname));
  }
  await fs.writeFile(file, JSON.stringify(lock));
}
