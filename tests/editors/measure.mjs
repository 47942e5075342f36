// How long the extension takes to start in a real VS Code, and how long until the first finding is underlined.
//   node measure.mjs [RUNS]      writes tests/bench/RESULTS-editors.md; after make vsix and one make test-editors
// Each run is a new window on one VS Code. "activation" is what VS Code itself counts for the extension in the
// extension host, loading its code included; "first finding" begins when the window shows the file's text.

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { makeWorkspace, startCodeServer, VSIX } from "./lib/code-server.mjs";
import { launchBrowser, Workbench } from "./lib/workbench.mjs";

const RUNS = Number(process.argv[2] ?? 7);
const OUT = path.resolve(import.meta.dirname, "../bench/RESULTS-editors.md");
const FILE = "sql/review.sql";

const sorted = (numbers) => [...numbers].sort((a, b) => a - b);
const median = (numbers) => {
  const [low, high] = [numbers.length - 1, numbers.length].map((each) => sorted(numbers)[Math.floor(each / 2)]);
  return Math.round((low + high) / 2);
};

async function activation(bench) {
  await bench.command("Developer: Show Running Extensions");
  const row = bench.page.locator(".runtime-extensions-editor .monaco-list-row", { hasText: "PipeSense" }).first();
  await row.waitFor();
  const text = await bench.until(async () => /Activation: (\d+)ms/.exec(await row.innerText()));
  return Number(text[1]);
}

const browser = await launchBrowser();
// VSCODE_CLI: the PATH is the one of this process, not that of a shell.
const server = await startCodeServer({ vsix: VSIX, environment: { VSCODE_CLI: "1" } });
const runs = [];
try {
  for (let number = 0; number < RUNS; number += 1) {
    const load = os.loadavg()[0];
    const bench = await Workbench.open(browser, server, makeWorkspace(), FILE);
    const begun = performance.now();
    await bench.page.locator(".squiggly-error").first().waitFor({ state: "attached" });
    const found = Math.round(performance.now() - begun);
    runs.push({ activation: await activation(bench), found, load });
    console.log(runs.at(-1));
    await bench.close();
  }
} finally {
  await browser.close();
  await server.stop();
}

const row = (name, numbers, limit) =>
  `| ${name} | ${sorted(numbers)[0]} | ${median(numbers)} | ${sorted(numbers).at(-1)} | ${limit} |`;
const text = [
  "# How long the VS Code extension takes",
  "",
  `Written by \`tests/editors/measure.mjs\`: ${RUNS} windows, one after the other, of a VS Code (code-server, headless Chromium) on`,
  `${os.cpus().length} processors (${os.cpus()[0].model.trim()}), while ${runs.map((each) => each.load.toFixed(1)).join(", ")} processes wanted to run. Milliseconds.`,
  "",
  "| what | least | median | most | wanted below |",
  "|---|---|---|---|---|",
  row(
    "activation, in the extension host",
    runs.map((each) => each.activation),
    300,
  ),
  row(
    "first finding, from the window's text on",
    runs.map((each) => each.found),
    2000,
  ),
  "",
].join("\n");
fs.writeFileSync(OUT, text);
console.log(text);
