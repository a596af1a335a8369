/**
 * When things happened in this worker, by one zero: just before `loadPyodide` is called.
 *
 * @module
 */

/**
 * A request, from Resource Timing.
 * @typedef {object} Resource
 * @property {string} url
 * @property {boolean} runtime it belongs to Pyodide itself, not to the packages
 * @property {number} start
 * @property {number} requestStart 0 before `start` where the browser doesn't tell
 * @property {number} responseStart
 * @property {number} responseEnd
 * @property {number} transferSize bytes over the network, headers included; 0 from the cache
 * @property {number} encodedBodySize
 * @property {number} decodedBodySize
 * @property {string} nextHopProtocol
 */

/**
 * What was done from `start` to `end`. "download" is a time in which packages (their lists and the
 * loader too) were requested or on their way; "compile" is WebAssembly being compiled or instantiated, after the boot where
 * there is a moment when that ended; "unpack" is what
 * the way itself tells of it, or else from the last byte until all is installed, which stock Pyodide spends on unzipping,
 * writing, compiling and linking without telling them apart.
 * @typedef {{name: "boot" | "download" | "unpack" | "compile" | "import", start: number, end: number, what?: string}} Phase
 */

/** @typedef {"runtimeReady" | "installed" | "imported"} Moment */

/** What Pyodide itself consists of, wherever its folder is. */
const runtimeFiles = /\/(pyodide(\.asm)?\.(mjs|js|wasm)|python_stdlib\.zip)$/;

/** This program, which is no part of what it measures. */
const ownFolder = new URL(".", import.meta.url).href;

export class Clock {
  /** Absolute URL of Pyodide's folder, which ends in a slash. */
  runtime = "";
  /** Whether the lock file in that folder is made for the packages, and so belongs to them. */
  ownLock = false;
  #began = 0;
  #zero = 0;
  /** @type {Partial<Record<Moment, number>>} */
  #moments = {};
  /** By the worker's own zero. @type {Phase[]} */
  #phases = [];

  constructor() {
    performance.setResourceTimingBufferSize(100_000);
    watchWebAssembly(this);
  }

  /** The import of modules begins; whatever was fetched before doesn't count. */
  begin() {
    this.#began = performance.now();
  }

  start() {
    this.#zero = performance.now();
  }

  /** @param {Moment} moment */
  mark(moment) {
    this.#moments[moment] = this.#now();
  }

  /**
   * Something begins; it ends when the answer is called.
   *
   * @param {Phase["name"]} name
   * @param {string} [what]
   */
  open(name, what) {
    const start = performance.now();
    return () => {
      this.#phases.push({ name, start, end: performance.now(), ...(what && { what }) });
    };
  }

  /** @param {string} url */
  isRuntime(url) {
    const { origin, pathname } = new URL(url);
    const isPart = runtimeFiles.test(pathname) || (pathname.endsWith("/pyodide-lock.json") && !this.ownLock);
    return (origin + pathname).startsWith(this.runtime) && isPart;
  }

  /** REQUIRES: "installed" and "imported" are marked. */
  report() {
    const resources = performance
      .getEntriesByType("resource")
      .filter(({ name, startTime }) => startTime >= this.#began && !name.startsWith(ownFolder))
      .map((entry) => this.#resource(/** @type {PerformanceResourceTiming} */ (entry)));
    const { runtimeReady, installed = 0, imported = 0 } = this.#moments;
    const times = { modules: this.#since(this.#began), start: /** @type {const} */ (0), runtimeReady, installed, imported };
    return { times, resources, phases: this.#allPhases(resources), bytes: countBytes(resources) };
  }

  /** @param {Resource[]} resources */
  #allPhases(resources) {
    const { runtimeReady = 0, installed = 0 } = this.#moments;
    const told = this.#phases
      .map((phase) => ({ ...phase, start: this.#since(phase.start), end: this.#since(phase.end) }))
      .filter(({ name, start }) => name !== "compile" || start >= runtimeReady);
    const downloads = resources.filter(({ runtime, responseEnd }) => !runtime && responseEnd > 0);
    /** @type {Phase[]} */
    const phases = downloads.map(({ start, responseEnd }) => ({ name: "download", start, end: responseEnd }));
    if (runtimeReady > 0) {
      phases.push({ name: "boot", start: 0, end: runtimeReady });
    }
    const last = Math.max(runtimeReady, ...downloads.map(({ responseEnd }) => responseEnd));
    if (installed > last && !told.some(({ name }) => name === "unpack")) {
      phases.push({ name: "unpack", start: last, end: installed });
    }
    return joined([...phases, ...told]);
  }

  #now() {
    return this.#since(performance.now());
  }

  /** @param {number} time by the worker's own zero */
  #since(time) {
    return rounded(time - this.#zero);
  }

  /** @param {PerformanceResourceTiming} entry @returns {Resource} */
  #resource(entry) {
    /** Times that a browser withholds are 0. @param {number} time */
    const since = (time) => (time === 0 ? 0 : this.#since(time));
    return {
      url: entry.name,
      runtime: this.isRuntime(entry.name),
      start: since(entry.startTime),
      requestStart: since(entry.requestStart),
      responseStart: since(entry.responseStart),
      responseEnd: since(entry.responseEnd),
      transferSize: entry.transferSize,
      encodedBodySize: entry.encodedBodySize,
      decodedBodySize: entry.decodedBodySize,
      nextHopProtocol: entry.nextHopProtocol,
    };
  }
}

/** @param {Resource[]} resources */
function countBytes(resources) {
  /** @param {boolean} runtime */
  const sum = (runtime) =>
    resources.filter((each) => each.runtime === runtime).reduce((total, each) => total + each.transferSize, 0);
  return { runtime: sum(true), packages: sum(false) };
}

/**
 * Joins what is of one kind and overlaps or nearly touches, so that a hundred modules don't make a hundred marks.
 *
 * @param {Phase[]} phases
 */
function joined(phases) {
  const closeEnough = 1;
  /** @type {Phase[]} */
  const out = [];
  for (const phase of phases.sort((a, b) => a.start - b.start)) {
    const last = out.findLast(({ name }) => name === phase.name);
    if (last && phase.what === undefined && phase.start - last.end < closeEnough) {
      last.end = Math.max(last.end, phase.end);
    } else {
      out.push({ ...phase });
    }
  }
  return out;
}

/** Notes each compilation and instantiation that anything in this worker asks the browser for. @param {Clock} clock */
function watchWebAssembly(clock) {
  for (const name of /** @type {const} */ (["compile", "instantiate", "compileStreaming", "instantiateStreaming"])) {
    const plain = /** @type {(...given: any[]) => Promise<any>} */ (WebAssembly[name]);
    /** @type {any} */ (WebAssembly)[name] = (/** @type {any[]} */ ...given) => {
      const end = clock.open("compile");
      return plain.apply(WebAssembly, given).finally(end);
    };
  }
  for (const name of /** @type {const} */ (["Module", "Instance"])) {
    /** @type {any} */ (WebAssembly)[name] = new Proxy(WebAssembly[name], {
      construct(plain, given, target) {
        const end = clock.open("compile");
        try {
          return Reflect.construct(plain, given, target);
        } finally {
          end();
        }
      },
    });
  }
}

/** To a tenth of a millisecond, which is finer than most browsers tell. @param {number} time */
function rounded(time) {
  return Math.round(time * 10) / 10;
}
