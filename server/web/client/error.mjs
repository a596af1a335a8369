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
  constructor(message, details = {}) {
    super(message, details);
    this.name = "WheelbarrowError";
    /** The HTTP status, where the server answered with an error. */
    this.status = details.status;
    /** The server's problem document (RFC 9457), if it sent one. */
    this.problem = details.problem;
    /** @type {import("./site.mjs").InstalledWheel[]} The wheels that are wholly in place in spite of the error. */
    this.installed = [];
  }
}

/**
 * Makes what is thrown on of an error that was caught.
 *
 * @param {string} what went wrong
 * @returns {(error: any) => never}
 */
export function because(what) {
  return (error) => {
    throw new WheelbarrowError(`${what}: ${error?.message ?? error}`, { cause: error });
  };
}
