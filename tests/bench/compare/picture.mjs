// picture.mjs compare.json compare.svg: the README's picture, bars of the medians from loadPyodide called to the last
// import done, one panel a link. Light or dark as the reader's system is.
import fs from "node:fs/promises";

import { beside, best, bundled, fromStart, individual } from "./figures.mjs";

const [from, to] = process.argv.slice(2);
if (!from || !to) {
  process.stderr.write("picture.mjs compare.json compare.svg\n");
  process.exit(2);
}
const { cells, profiles, sets } = JSON.parse(await fs.readFile(from, "utf8"));

/** The three bars of a set; which of ours is best depends on the link, as the tables say. */
const bars = [
  { name: "micropip", kind: "b", of: (/** @type {any} */ like) => beside(cells, like, "micropip") },
  { name: "wheels, the better way", kind: "a", of: (/** @type {any} */ like) => best(cells, like, individual) },
  { name: "one bundle, its better form", kind: "ours", of: (/** @type {any} */ like) => best(cells, like, bundled) },
];
const width = 720;
const left = 150;
const barHeight = 14;
const room = width - left - 70;

/** @param {string} text */
const escaped = (text) => text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** @type {string[]} */
const parts = [];
let y = 0;
/** @param {number} x @param {number} at @param {string} text @param {string} [style] */
const write = (x, at, text, style = "") => parts.push(`<text x="${x}" y="${at}"${style}>${escaped(text)}</text>`);

/** @param {any} cell */
const isPictured = ({ protocol, state, devtools }) => protocol === "h2" && state === "cached" && !devtools;
for (const [profile, { title }] of /** @type {[string, any][]} */ (Object.entries(profiles))) {
  const rows = Object.keys(sets).map((set) => {
    const like = { profile, protocol: "h2", state: "cached", set, mode: "" };
    const values = bars.map(({ name, kind, of }) => ({ name, kind, seconds: fromStart(of(like))?.median }))
      .filter(({ seconds }) => seconds !== undefined);
    return { set, values };
  }).filter(({ values }) => values.some(({ kind }) => kind === "ours") && values.length > 1);
  if (rows.length === 0) {
    continue;
  }
  y += 34;
  write(0, y, title, ' class="title"');
  y += 8;
  const longest = Math.max(...rows.flatMap(({ values }) => values.map(({ seconds = 0 }) => seconds)));
  for (const { set, values } of rows) {
    y += 8;
    write(left - 10, y + (values.length * barHeight) / 2 + 4, sets[set].title, ' text-anchor="end"');
    for (const { kind, seconds = 0 } of values) {
      const length = Math.max(1, (seconds / longest) * room);
      parts.push(`<rect class="${kind}" x="${left}" y="${y}" width="${length.toFixed(1)}" height="${barHeight - 2}" rx="2"/>`);
      write(left + length + 6, y + barHeight - 4, `${seconds.toFixed(1)} s`, ' class="number"');
      y += barHeight;
    }
  }
}
const shown = bars.filter(({ of }) => cells.some((/** @type {any} */ cell) => isPictured(cell) && of(cell)));
y += 30;
let x = left;
for (const { name, kind } of shown) {
  parts.push(`<rect class="${kind}" x="${x}" y="${y - 10}" width="12" height="12" rx="2"/>`);
  write(x + 17, y, name);
  x += 45 + name.length * 6.6;
}
y += 20;
write(left, y, "seconds from loadPyodide() to the last import; medians; runtime cached, packages not", ' class="number"');

await fs.writeFile(to, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-10 0 ${width + 20} ${y + 12}" role="img"
  font-family="system-ui, sans-serif" font-size="12">
<title>How long until Python packages are imported: individual wheels and bundles</title>
<style>
text { fill: #24292f } .title { font-weight: 600; font-size: 13px } .number { fill: #57606a; font-size: 11px }
.b { fill: #afb8c1 } .a { fill: #6e7781 } .ours { fill: #1a7f37 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .number { fill: #9198a1 } .b { fill: #484f58 } .a { fill: #848d97 } .ours { fill: #3fb950 }
}
</style>
${parts.join("\n")}
</svg>
`);
