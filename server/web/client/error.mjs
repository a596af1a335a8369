/**
 * The loader's own kind of error.
 *
 * @module
 */

/** What the server refused, or what is wrong with the bytes it sent. */
export class WheelbarrowError extends Error {
  /**
   * @param {string} message
   * @param {{status?: number, problem?: any, cause?: unknown}} [details]
   */
  constructor(message, { status, problem, cause } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "WheelbarrowError";
    /** The HTTP status, where the server answered with an error. */
    this.status = status;
    /** The server's problem document (RFC 9457), if it sent one. */
    this.problem = problem;
    /** @type {import("./site.mjs").InstalledWheel[]} The wheels that are wholly in place in spite of the error. */
    this.installed = [];
  }
}

/** @param {unknown} error */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
