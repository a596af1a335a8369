// The link of link.cpp, as an object.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** What link.cpp ends with where namespaces or TUN devices aren't permitted. */
const notPermitted = 77;

export class NotPermitted extends Error {}

/**
 * @typedef {object} Shape
 * @property {number} down bit/s towards the client; 0: as fast as it goes
 * @property {number} up
 * @property {number} delay one way, ms
 * @property {number} downQueue bytes
 * @property {number} upQueue
 */

/**
 * @typedef {"client" | "server"} Side
 */

/**
 * Starts the program. Its namespaces and all processes in them end with it, and it ends with this process.
 *
 * @param {string} program
 */
export async function openLink(program) {
  const child = spawn(program, { stdio: ["pipe", "pipe", "pipe"] });
  let complaint = "";
  child.stderr.on("data", (chunk) => (complaint += chunk));
  child.stdin.on("error", () => {});
  const ended = new Promise((resolve) => child.once("close", resolve));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();

  async function nextLine() {
    const { value, done } = await lines.next();
    if (!done) {
      return JSON.parse(value);
    }
    const code = await ended;
    const why = `${complaint.trim() || `the link ended with ${code}`}. It needs root and /dev/net/tun.`;
    throw code === notPermitted ? new NotPermitted(why) : new Error(why);
  }

  const about = await nextLine();
  return {
    /** The server's address on the link. @type {string} */
    address: about.server.address,
    /** @type {string} */
    congestionControl: about.congestion_control,

    /**
     * A command that runs another inside one of the namespaces.
     *
     * @param {Side} side
     * @param {string[]} command
     */
    inside: (side, command) => ["nsenter", `--net=${about[side].namespace}`, ...command],

    /** From now on; counters begin anew. @param {Shape} shape */
    async shape({ down, up, delay, downQueue, upQueue }) {
      child.stdin.write(`shape ${[down, up, delay * 1000, downQueue, upQueue].map(Math.round).join(" ")}\n`);
      await nextLine();
    },

    /** Packets and bytes of each direction since shape(). */
    async count() {
      child.stdin.write("count\n");
      return nextLine();
    },

    async close() {
      child.stdin.end();
      return ended;
    },
  };
}

/** @typedef {Awaited<ReturnType<typeof openLink>>} Link */
