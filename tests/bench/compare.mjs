// See compare.sh. Measures, prints how it goes on, and writes what it has after every visit, so that a run that is broken
// off still has its tables.
import { execFileSync } from "node:child_process";
import fs from "node:fs/promises";
import { readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { openBrowsers } from "./compare/browser.mjs";
import { check } from "./compare/check.mjs";
import { NotPermitted, openLink } from "./compare/link.mjs";
import { order, plan, plans, states } from "./compare/plan.mjs";
import { open, profiles } from "./compare/profiles.mjs";
import { report } from "./compare/report.mjs";
import { addLoader, loaderFolder, message, modes, query, sets } from "./compare/sets.mjs";
import { startNginx, startWheelbarrow } from "./compare/servers.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const names = (/** @type {object} */ of) => Object.keys(of).join(",");

const usage = `tests/bench/compare.sh [OPTION...]: bundles against individual wheels, in Chromium over a shaped link.
Needs root. Lists are comma-separated; with none of the first five, a plan's choice is measured.

  --profiles LIST      ${names(profiles)}
  --protocols LIST     h2,h1
  --states LIST        ${names(states)}
  --sets LIST          ${names(sets)}
  --modes LIST         ${names(modes)}
  --plan NAME          goals: what the goals are about, some 6 minutes a round; others: other links, states and
                       sets, some 7; all: both
  --rounds N           5; each measures every cell once
  --minutes N          start no visit later than this, counted from the first measured one
  --loaders LIST       NAME=DIR: the modes prefetch and prefetch-bytecode again with the loader in that folder, a changed
                       copy of server/web/client/, as prefetch@NAME and prefetch-bytecode@NAME
  --extra-wheels DIR   folder with wheels that npm doesn't have, such as micropip's
  --data DIR           the server's data, to start from what an earlier run compressed
  --out FILE           where the figures go (compare.json); tables go to the same name with .md
  --devtools           shaped links once more with Chrome DevTools' throttle in their place
  --seconds N          what one visit may take (300)
  --check              only whether the link does what it is told
  --help
`;

const list = { type: /** @type {const} */ ("string") };
const { values: options } = parseArgs({
  options: {
    profiles: list, protocols: list, states: list, sets: list, modes: list,
    plan: { type: "string", default: "goals" }, rounds: { type: "string", default: "5" }, minutes: { type: "string", default: "1000" },
    loaders: list, "extra-wheels": { type: "string" }, data: { type: "string" }, out: { type: "string", default: "compare.json" },
    devtools: { type: "boolean", default: false }, seconds: { type: "string", default: "300" },
    check: { type: "boolean", default: false }, help: { type: "boolean", default: false },
  },
});

/** @param {string | undefined} text @param {object} known */
function chosen(text, known) {
  const wanted = text?.split(",");
  const unknown = wanted?.find((name) => !(name in known));
  if (unknown !== undefined) {
    throw new Error(`There is no ${unknown}; there are ${names(known)}.`);
  }
  return wanted;
}

/** @param {string} name */
function environment(name) {
  const value = process.env[name];
  if (!value) {
    throw new Error(`${name} is not set: run this through tests/bench/compare.sh.`);
  }
  return value;
}

/** What is to be undone at the end, last first. @type {(() => unknown)[]} */
const cleanups = [];
/** A signal came: nothing new begins. */
let ending = false;

async function cleanUp() {
  while (cleanups.length > 0) {
    await cleanups.pop()?.();
  }
}

const say = (/** @type {string} */ text) => process.stderr.write(`${text}\n`);

/** What the figures come from. @param {import("./compare/link.mjs").Link} link */
function machine(link) {
  const version = (/** @type {string} */ program) =>
    execFileSync(program, ["--version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  return {
    date: new Date().toISOString(),
    cpu: os.cpus()[0].model,
    cores: os.cpus().length,
    system: readFileSync("/etc/os-release", "utf8").match(/PRETTY_NAME="(.*)"/)?.[1],
    kernel: os.release(),
    chromium: version(environment("CHROMIUM")),
    congestionControl: link.congestionControl,
    command: ["tests/bench/compare.sh", ...process.argv.slice(2)].join(" "),
  };
}

/** How often something is asked for until the server makes the form that pays for what is wanted often. */
const often = 5;

/**
 * Whatever is asked for is made ready by it: layers, bytecode, codings. So what browsers then have stays what the server
 * would send.
 *
 * @param {import("./compare/servers.mjs").Wheelbarrow} wheelbarrow
 * @param {import("./compare/plan.mjs").Cell[]} cells
 */
async function askOnce(wheelbarrow, cells) {
  const bundles = cells.flatMap(({ set, mode, state }) => {
    const { bytecode } = /** @type {{bytecode?: string}} */ (modes[mode].message);
    const more = (mode === "archive" ? "&format=wheels" : "") + (bytecode ? `&bytecode=${bytecode}` : "");
    return [`/bundle?${query(set)}${more}`, ...(state === "changed" ? [`/bundle?${query(set, true)}${more}`] : [])];
  });
  const locks = cells.flatMap(({ set }) => [query(set), query(set, true)]).map((text) => `/pyodide-lock.json?${text}`);
  const runtime = ["pyodide.mjs", "pyodide-lock.json", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip"].map((name) => `/pyodide/${name}`);
  const targets = new Set([...bundles, ...runtime]);
  for (const target of new Set(locks)) {
    for (const entry of Object.values(JSON.parse(String(await wheelbarrow.get(target))).packages)) {
      targets.add(new URL(entry.file_name, wheelbarrow.url).pathname);
    }
  }
  for (let time = 0; time < often; ++time) {
    for (const target of targets) {
      await wheelbarrow.get(target, "gzip, br, zstd");
    }
  }
}

/**
 * What a visit of the cell is, and the profile that it starts from. Profiles are made when they are first needed, over
 * the unshaped link: what they hold doesn't depend on how fast it came.
 *
 * @param {any} stage
 */
function visitor({ link, browsers, wheelbarrow, nginxURLs, usedSets }) {
  /** @type {Map<string, Promise<string>>} */
  const originals = new Map();
  const urlOf = (/** @type {import("./compare/plan.mjs").Cell} */ { set, mode }) =>
    modes[mode].server === "nginx" ? nginxURLs[usedSets.indexOf(set)] : wheelbarrow.url;

  /** @param {string} name @param {() => Promise<string>} make */
  function original(name, make) {
    const there = originals.get(name) ?? make();
    originals.set(name, there);
    return there;
  }

  /**
   * A profile after a visit over the same protocol: what is in a cache says by which it came.
   *
   * @param {string | undefined} from
   * @param {import("./compare/plan.mjs").Cell} cell
   * @param {any} said
   */
  async function after(from, cell, said) {
    const url = urlOf(cell);
    const http2 = cell.protocol === "h2";
    const profile = browsers.profile(from);
    const seconds = Number(options.seconds);
    await browsers.visit({ side: "server", profile, url, message: said, http2, seconds, lock: !from });
    return profile;
  }

  /** @param {import("./compare/plan.mjs").Cell} cell @param {import("./compare/plan.mjs").State} [state] @returns {Promise<string | undefined>} */
  async function start(cell, state = cell.state) {
    const url = urlOf(cell);
    switch (state) {
      case "cold":
        return undefined;
      case "cached":
        return original(`cached ${url} ${cell.protocol}`, () => after(undefined, cell, { ...message("tiny", "wheels"), requirements: [], imports: [] }));
      case "warm":
      case "changed":
        return original(`${state} ${url} ${cell.protocol} ${cell.set} ${cell.mode}`, async () =>
          after(await start(cell, "cached"), cell, message(cell.set, cell.mode, state === "changed")));
    }
  }

  return {
    /** @param {any} cell */
    async prepare(cell) {
      const profile = await start(cell);
      if (cell.state === "changed") {
        // What the server makes of the difference, it makes when it is first asked for.
        rmSync(await after(profile, cell, message(cell.set, cell.mode)), { recursive: true });
      }
    },

    /** @param {any} cell */
    async measure(cell) {
      const { shape, devtools } = profiles[cell.profile];
      const profile = browsers.profile(await start(cell));
      const shaped = shape !== null && !cell.devtools;
      let counted;
      try {
        const visit = await browsers.visit({
          side: shape ? "client" : "server",
          profile,
          url: urlOf(cell),
          message: message(cell.set, cell.mode),
          http2: cell.protocol === "h2",
          seconds: Number(options.seconds),
          begin: async () => link.shape(shaped ? shape : open),
          throttle: cell.devtools ? devtools : undefined,
        });
        counted = await link.count();
        const { times, bytes, resources, phases } = visit;
        return {
          times, bytes, phases, resources, requests: resources.length,
          ...(shape && { wire: counted.down.forwarded_bytes, dropped: counted.down.dropped + counted.up.dropped }),
        };
      } finally {
        await link.shape(open);
        rmSync(profile, { recursive: true, force: true });
      }
    },
  };
}

async function main() {
  if (options.help) {
    process.stdout.write(usage);
    return;
  }
  const program = environment("WHEELBARROW_LINK");
  const link = await openLink(program);
  cleanups.push(() => link.close());
  await link.shape(open);
  if (options.check) {
    await check(link, say);
    return;
  }

  const loaders = (options.loaders?.split(",") ?? []).map((text) => text.split("=", 2));
  for (const [name, place] of loaders) {
    if (!place) {
      throw new Error(`${name} is no NAME=DIR.`);
    }
    addLoader(name);
  }
  chosen(options.plan, plans);
  const cells = plan(options.plan, {
    profiles: chosen(options.profiles, profiles),
    protocols: chosen(options.protocols, { h2: 1, h1: 1 }),
    states: chosen(options.states, states),
    sets: chosen(options.sets, sets),
    modes: chosen(options.modes, modes),
  }, options.devtools).map((cell) => ({ ...cell, /** @type {any[]} */ runs: [], error: "" }));

  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "wheelbarrow-compare-"));
  cleanups.push(() => fs.rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const wheels = path.join(folder, "wheels");
  const sources = [...environment("WHEELBARROW_COMPARE_WHEELS").split(":"), ...(options["extra-wheels"] ? [options["extra-wheels"]] : [])];
  execFileSync("python3", ["-B", path.join(here, "compare/wheels.py"), wheels, ...sources], { stdio: "inherit" });

  say("Starting the servers");
  const wheelbarrow = await startWheelbarrow(link, {
    program: environment("WHEELBARROW"),
    wheels,
    pyodide: environment("WHEELBARROW_PYODIDE_RUNTIME"),
    mounts: [[path.join(here, "../browser/app"), "/app"], ...loaders.map(([name, place]) => [place, loaderFolder(name)])],
    data: options.data ?? path.join(folder, "data"),
    folder,
  });
  cleanups.push(() => wheelbarrow.stop());
  const usedSets = [...new Set(cells.filter(({ mode }) => modes[mode].server === "nginx").map(({ set }) => set))];
  const nginx = usedSets.length > 0 ? await startNginx(link, wheelbarrow,
    usedSets.map((set) => ({ query: query(set), before: query(set, true) })), { program: environment("NGINX"), folder }) : null;
  cleanups.push(() => nginx?.stop());
  const browsers = await openBrowsers(link, {
    playwright: createRequire(path.join(environment("WHEELBARROW_NODE_MODULES"), "compare.js"))("playwright-core"),
    chromium: environment("CHROMIUM"),
    publicKeyHash: wheelbarrow.publicKeyHash,
    folder,
  });
  const visits = visitor({ link, browsers, wheelbarrow, nginxURLs: nginx?.urls, usedSets });

  const figures = { machine: machine(link), sets, modes, profiles, states, cells };
  async function write() {
    await fs.writeFile(options.out, JSON.stringify(figures, null, 1));
    await fs.writeFile(options.out.replace(/(\.json)?$/, ".md"), report(figures));
  }
  /** @param {any} cell @param {() => Promise<void>} step */
  async function attempt(cell, step) {
    const begin = Date.now();
    const name = [cell.profile, cell.protocol, cell.state, cell.set, cell.mode, ...(cell.devtools ? ["devtools"] : [])].join(" ");
    try {
      await step();
      const run = cell.runs.at(-1);
      const around = `${((Date.now() - begin) / 1000).toFixed(1)} s`;
      say(run ? `${name}: ${(run.times.imported / 1000).toFixed(2)} s, ${around} with everything around it` : `${name}: ${around}`);
    } catch (error) {
      if (ending) {
        return;
      }
      cell.error ||= String(error instanceof Error ? error.message : error).split("\n")[0];
      say(`${name}: ${cell.error}`);
    }
  }

  say("Asking for everything once, and waiting until the server has made the best forms of it");
  await wheelbarrow.get("/pyodide/pyodide.mjs"); // then it compiles the library
  await wheelbarrow.settled();
  await askOnce(wheelbarrow, cells);
  await wheelbarrow.settled();
  say("Preparing browser profiles");
  for (const cell of cells) {
    if (!ending) {
      await attempt(cell, () => visits.prepare(cell));
    }
  }
  await wheelbarrow.settled();

  const begin = Date.now();
  const limit = begin + Number(options.minutes) * 60_000;
  for (let round = 0; round < Number(options.rounds) && Date.now() < limit && !ending; ++round) {
    const roundBegin = Date.now();
    for (const cell of order(cells, round)) {
      if (cell.error || ending || Date.now() >= limit) {
        continue;
      }
      await attempt(cell, async () => {
        const run = await visits.measure(cell);
        // One waterfall of each is enough.
        cell.runs.push(cell.runs.length === 0 ? run : { ...run, resources: undefined, phases: undefined });
      });
      await write();
    }
    const minutes = (Date.now() - roundBegin) / 60_000;
    say(`Round ${round + 1} of ${options.rounds} took ${minutes.toFixed(1)} minutes`);
  }
  await write();
  process.stdout.write(report(figures));
}

// A second signal ends at once; the link's end is the end of all in its namespaces. What was measured is written.
for (const [signal, code] of /** @type {const} */ ([["SIGINT", 130], ["SIGTERM", 143]])) {
  process.once(signal, () => {
    say("Cleaning up");
    ending = true;
    cleanUp().finally(() => process.exit(code));
  });
}
try {
  await main();
} catch (error) {
  say(`compare: ${error instanceof Error ? error.message : error}`);
  process.exitCode = error instanceof NotPermitted ? 77 : 1;
} finally {
  await cleanUp();
}
