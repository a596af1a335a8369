// See profile.sh. One visit of each way, on a page's main thread, whose profile DevTools can take.
import { launchWithCache, openApp, startServer } from "../browser/harness.mjs";

const usual = ["numpy=numpy", "opencv-python=cv2", "lxml=lxml.etree", "fonttools=fontTools.ttLib", "python-docx=docx"];
const wanted = (process.argv.length > 2 ? process.argv.slice(2) : usual).map((text) => text.split("="));
const [requirements, imports] = [wanted.map(([name]) => name), wanted.map(([name, module]) => module ?? name)];

const ways = [
  { title: "wheels, loadPackage", message: { mode: "loadPackage" } },
  { title: "bundle, prefetch", message: { mode: "prefetch", bytecode: "off" } },
  { title: "bundle with bytecode, prefetch", message: { mode: "prefetch", bytecode: "instead" } },
];

/** What a sample was taken in. @param {{functionName: string, url: string}} frame */
function kind({ functionName, url }) {
  switch (functionName) {
    case "(idle)":
      return "nothing: waiting";
    case "(garbage collector)":
      return "garbage collection";
    case "(program)":
      return "the browser's own code: compiling, reading";
  }
  return /wasm/.test(url) || functionName.startsWith("wasm-") ? "WebAssembly: Python and its modules" : "JavaScript";
}

/** @param {any} server @param {object} message */
async function visit(server, message) {
  const context = await launchWithCache(server);
  try {
    const { page } = await openApp(context, server.url);
    const session = await context.newCDPSession(page);
    await session.send("Profiler.enable");
    await session.send("Profiler.setSamplingInterval", { interval: 500 });
    const measure = async (/** @type {any} */ request) => (await import("/client/compare/measure.mjs")).measure(request);
    // Brings the runtime.
    await page.evaluate(measure, { mode: "loadPackage", requirements: [], imports: [] });
    await page.reload();
    // The measuring modules themselves are no part of it.
    await page.evaluate('import("/client/compare/measure.mjs").then(() => {})');
    await session.send("Profiler.start");
    const { times, error } = await page.evaluate(measure, { ...message, requirements, imports });
    const { profile } = await session.send("Profiler.stop");
    if (error) {
      throw new Error(error);
    }
    return { times, profile };
  } finally {
    await context.close();
  }
}

/** Milliseconds by kind and by stage. @param {{times: any, profile: any}} measured */
function summary({ times, profile }) {
  const frames = new Map(profile.nodes.map((/** @type {any} */ node) => [node.id, node.callFrame]));
  const ends = [["boot", times.runtimeReady], ["install", times.installed], ["import", times.imported]];
  /** @type {Map<string, Record<string, number>>} */
  const sums = new Map();
  // The profile begins when the import of pyodide.mjs does.
  let at = times.modules;
  profile.samples.forEach((/** @type {number} */ id, /** @type {number} */ index) => {
    const length = profile.timeDeltas[index] / 1000;
    const stage = ends.find(([, end]) => at < end)?.[0];
    at += length;
    if (stage && at > 0) {
      const row = sums.get(kind(frames.get(id))) ?? {};
      row[stage] = (row[stage] ?? 0) + length;
      sums.set(kind(frames.get(id)), row);
    }
  });
  return sums;
}

const server = await startServer();
try {
  for (const { message } of ways) {
    await visit(server, message);
  }
  while ((await server.metric("wheelbarrow_background_backlog")) > 0) {
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  console.log("| way | what | boot, ms | install, ms | import, ms |\n| --- | --- | --- | --- | --- |");
  for (const { title, message } of ways) {
    for (const [name, row] of [...summary(await visit(server, message))].sort(([, a], [, b]) => (b.boot ?? 0) - (a.boot ?? 0))) {
      console.log(`| ${title} | ${name} | ${["boot", "install", "import"].map((stage) => Math.round(row[stage] ?? 0)).join(" | ")} |`);
    }
  }
} finally {
  await server.stop();
}
