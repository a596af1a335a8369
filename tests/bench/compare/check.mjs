// Whether the link does what it is told: a round trip's time, both directions' rates, drops under overload.
import { execFile, spawn } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { profiles } from "./profiles.mjs";

const peer = ["python3", "-B", path.join(path.dirname(fileURLToPath(import.meta.url)), "link_peer.py")];
/** A full packet carries 1448 bytes of 1500 (IPv4, TCP with timestamps). */
const payload = 1448 / 1500;
const seconds = 8;

/**
 * Throws if a figure is off; says all of them.
 *
 * @param {import("./link.mjs").Link} link
 * @param {(line: string) => void} say
 */
export async function check(link, say) {
  /** @param {string} what @param {number} number */
  async function ask(what, number) {
    const [program, ...words] = link.inside("client", [...peer, "ask", link.address, what, String(number)]);
    return JSON.parse((await promisify(execFile)(program, words)).stdout);
  }
  const [program, ...words] = link.inside("server", [...peer, "serve", link.address]);
  const server = spawn(program, words, { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((resolve) => server.stdout.once("data", resolve));
  /** @type {string[]} */
  const wrong = [];
  /** @param {string} name @param {number} is @param {number} should @param {number} below @param {number} above */
  function judge(name, is, should, below, above) {
    const good = is >= should * (1 - below) && is <= should * (1 + above);
    say(`${name}: ${is.toFixed(2)}, told ${should.toFixed(2)}${good ? "" : ": WRONG"}`);
    if (!good) {
      wrong.push(name);
    }
  }

  say(`congestion control: ${link.congestionControl}`);
  for (const { title, shape } of Object.values(profiles)) {
    if (!shape) {
      continue;
    }
    await link.shape(shape);
    judge(`${title}: round trip, ms`, (await ask("connect", 5)).seconds * 1000, shape.delay * 2, 0, 0.1);
    for (const direction of /** @type {const} */ (["down", "up"])) {
      const size = Math.round((shape[direction] / 8) * payload * seconds);
      const { right, seconds: took } = await ask(direction, size);
      // The request's way there and the first byte's back.
      const rate = (size * 8) / payload / (took - (2 * shape.delay) / 1000) / 1e6;
      judge(`${title}: ${direction}, Mbit/s`, rate, shape[direction] / 1e6, 0.06, 0.02);
      if (!right) {
        wrong.push(`${title}: ${direction}, bytes`);
      }
    }
    await link.shape(shape);
    const packets = 4000;
    await ask("burst", packets);
    for (let past = -1, now = 0; now !== past || now === 0; ) {
      past = now;
      await new Promise((resolve) => setTimeout(resolve, 1000));
      const { forwarded, dropped } = (await link.count()).up;
      now = forwarded + dropped;
    }
    const { forwarded, dropped } = (await link.count()).up;
    say(`${title}: of ${packets} packets at once ${forwarded} came, ${dropped} were dropped`);
    if (forwarded + dropped !== packets || dropped === 0) {
      wrong.push(`${title}: drops`);
    }
  }
  server.kill();
  if (wrong.length > 0) {
    throw new Error(`The link isn't what it was told to be: ${wrong.join("; ")}. Is the machine busy?`);
  }
}
