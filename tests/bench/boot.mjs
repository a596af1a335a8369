// See boot.sh. Both releases are of one server and in the browser's cache, so only what happens inside differs.
import { launchWithCache, openApp, startServer } from "../browser/harness.mjs";

const rounds = Number(process.argv[2] ?? 7);

/** @param {any} server @returns {Promise<string>} the release that a page is led to now */
async function release(server) {
  const answer = await fetch(new URL("pyodide/pyodide.mjs", server.plainURL), { redirect: "manual" });
  return new URL(answer.headers.get("location") ?? "", answer.url).pathname.split("/")[2];
}

/** @param {any} server @param {string} name @param {string} coding */
async function size(server, name, coding) {
  const answer = await fetch(new URL(`pyodide/${name}/python_stdlib.zip`, server.plainURL), {
    method: "HEAD", headers: { "accept-encoding": coding },
  });
  return Number(answer.headers.get("content-length"));
}

/**
 * @param {any} context
 * @param {string} url
 * @param {string} name
 * @returns {Promise<number>} milliseconds from the call of loadPyodide until it is there
 */
async function boot(context, url, name) {
  const { page } = await openApp(context, url);
  try {
    return await page.evaluate(async (/** @type {string} */ module) => {
      const { loadPyodide } = await import(module);
      const begin = performance.now();
      const pyodide = await loadPyodide();
      const time = performance.now() - begin;
      pyodide.runPython("import json; json.dumps([])");
      return time;
    }, `/pyodide/${name}/pyodide.mjs`);
  } finally {
    await page.close();
  }
}

/** @param {number[]} times */
function spread(times) {
  const sorted = [...times].sort((a, b) => a - b).map((time) => (time / 1000).toFixed(2));
  return `${sorted[sorted.length >> 1]} (${sorted[0]} to ${sorted.at(-1)})`;
}

/** @param {number[]} times */
const median = (times) => [...times].sort((a, b) => a - b)[times.length >> 1];

/** @type {{title: string, server: any, name: string, times: number[]}[]} */
const ways = [];
const servers = [];
try {
  for (const mode of ["instead", "beside"]) {
    const server = await startServer({ options: ["--runtime-bytecode", mode] });
    servers.push(server);
    const plain = await release(server);
    while ((await release(server)) === plain) {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    if (ways.length === 0) {
      ways.push({ title: "as it is", server, name: plain, times: [] });
    }
    ways.push({ title: `bytecode ${mode === "instead" ? "instead of" : "beside"} sources`, server, name: await release(server), times: [] });
  }
  for (const { server, name } of ways) {
    for (const coding of ["zstd", "gzip", "zstd"]) {
      await size(server, name, coding);
      while ((await server.metric("wheelbarrow_background_backlog")) > 0) {
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
    }
  }
  const contexts = await Promise.all(servers.map((server) => launchWithCache(server)));
  try {
    const contextOf = (/** @type {any} */ server) => contexts[servers.indexOf(server)];
    for (let round = -1; round < rounds; ++round) {
      for (const { server, name, times } of ways) {
        const time = await boot(contextOf(server), server.url, name);
        // The first time fills the cache.
        if (round >= 0) {
          times.push(time);
        }
      }
    }
  } finally {
    await Promise.all(contexts.map((context) => context.close()));
  }
  console.log("| python_stdlib.zip | MB, zstd | MB, gzip | start, s | of the plain |\n| --- | --- | --- | --- | --- |");
  for (const { title, server, name, times } of ways) {
    const [zstd, gzip] = await Promise.all(["zstd", "gzip"].map((coding) => size(server, name, coding)));
    const ratio = (median(times) / median(ways[0].times)).toFixed(2);
    console.log(`| ${title} | ${(zstd / 1e6).toFixed(2)} | ${(gzip / 1e6).toFixed(2)} | ${spread(times)} | ${ratio} |`);
  }
} finally {
  await Promise.all(servers.map((server) => server.stop()));
}
