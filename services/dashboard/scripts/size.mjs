/** Fails when a first load is over its budget. Sizes are gzipped, as the edge sends them. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const dist = join(dirname(fileURLToPath(import.meta.url)), "..", "dist");

/** @param {string} path */
const gzipped = (path) => gzipSync(readFileSync(join(dist, path)), { level: 9 }).length;

/** Everything a page loads before it shows something: itself, its scripts, its preloads, its styles. @param {string} page */
function firstLoad(page) {
  const html = readFileSync(join(dist, page), "utf8");
  const linked = [...html.matchAll(/<(?:script|link)\b[^>]*?(?:src|href)="\/([^"]+\.(?:js|css))"/g)].flatMap((match) => match[1] ?? []);
  return [page, ...new Set(linked)];
}

/** @type {Array<[name: string, budgetBytes: number, files: string[]]>} */
const budgets = [
  ["dashboard first load", 60 * 1024, firstLoad("index.html")],
  ["mailbox", 20 * 1024, firstLoad("mailbox.html")],
  ["guest page script and style", 24 * 1024, ["pages/guest.js", "pages/guest.css"]],
  ["door script and style", 12 * 1024, ["pages/checkin.js", "pages/checkin.css"]],
  ["call sheet script and style", 15 * 1024, ["pages/crew.js", "pages/crew.css"]],
];

let over = false;
for (const [name, budget, files] of budgets) {
  const total = files.reduce((sum, file) => sum + gzipped(file), 0);
  over ||= total > budget;
  console.log(`${total > budget ? "OVER" : "ok  "} ${name}: ${(total / 1024).toFixed(1)} of ${budget / 1024} KiB gzipped (${files.length} files)`);
}
if (over) process.exitCode = 1;
