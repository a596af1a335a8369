// The figures as Markdown.
import { beside, best, bytes, fromReady, fromStart, individual } from "./figures.mjs";
import { verdicts } from "./goals.mjs";

/**
 * @param {any} figures what compare.mjs writes
 * @returns {string}
 */
export function report({ machine, sets, modes, profiles, states, cells }) {
  const { date, cpu, cores, system, kernel, chromium, congestionControl, command } = machine;
  const lines = [
    `${date.slice(0, 10)}; ${cpu}, ${cores} cores; ${system}, Linux ${kernel}; ${chromium}; TCP ${congestionControl}. \`${command}\``,
    "",
    "Seconds: median (least to most). From loadPyodide: from its call to the last import done; from ready: since the runtime "
      + "was. MB over the network, fields included; requests for packages and runtime. a: the better of the two ways that "
      + "load individual wheels from wheelbarrow; b: micropip.",
  ];
  for (const group of groups(cells)) {
    const { profile, protocol, state, devtools } = group[0];
    lines.push("", `### ${profiles[profile].title}, ${protocol === "h2" ? "HTTP/2" : "HTTP/1.1"}, ${states[state]}`
      + (devtools ? ", DevTools' throttle" : ""), "");
    lines.push("| set | way | rounds | from loadPyodide | of a | of b | from ready | packages, MB | runtime, MB | requests |");
    lines.push("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for (const cell of group) {
      const { letter, title } = modes[cell.mode];
      const start = fromStart(cell);
      const a = fromStart(best(cells, cell, individual));
      const b = fromStart(beside(cells, cell, "micropip"));
      lines.push(start
        ? row([sets[cell.set].title, `${letter}: ${title}`, String(start.count), seconds(start), ratio(start, a), ratio(start, b),
          seconds(fromReady(cell)), megabytes(bytes(cell, "packages")), megabytes(bytes(cell, "runtime")), String(cell.runs[0].requests)])
        : row([sets[cell.set].title, `${letter}: ${title}`, "0", cell.error || "not measured", ...Array(6).fill("")]));
    }
  }
  const judged = verdicts(cells);
  if (judged.length > 0) {
    lines.push("", "### Goals", "", "| what | goal | is | against loadPackage alone | from ready | way | |",
      "| --- | --- | --- | --- | --- | --- | --- |");
    for (const { what, most, ratio, plain, fromReady, mode } of judged) {
      lines.push(row([what, `at most ${most}`, ratio.toFixed(2), plain?.toFixed(2) ?? "", fromReady?.toFixed(2) ?? "", mode ? modes[mode].title : "",
        ratio <= most ? "met" : "**missed**"]));
    }
  }
  return `${lines.join("\n")}\n`;
}

/** Cells of one table. @param {any[]} cells @returns {any[][]} */
function groups(cells) {
  const names = [...new Set(cells.map(nameOf))];
  return names.map((name) => cells.filter((cell) => nameOf(cell) === name));
}

/** @param {any} cell */
const nameOf = ({ profile, protocol, state, devtools }) => [profile, protocol, state, devtools].join();

/** @param {string[]} texts */
const row = (texts) => `| ${texts.join(" | ")} |`;

/** @param {import("./figures.mjs").Spread | undefined} of */
const seconds = (of) => (of ? `${of.median.toFixed(2)} (${of.least.toFixed(2)} to ${of.most.toFixed(2)})` : "");

/** @param {import("./figures.mjs").Spread | undefined} of @param {import("./figures.mjs").Spread | undefined} to */
const ratio = (of, to) => (of && to ? (of.median / to.median).toFixed(2) : "");

/** @param {number | undefined} count */
const megabytes = (count) => (count === undefined ? "" : (count / 1e6).toFixed(2));
