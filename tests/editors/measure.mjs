// How long the extension takes to start in a real VS Code, and how long until the first finding is underlined.
//   node measure.mjs [RUNS]      writes tests/bench/RESULTS-editors.md; after make vsix and one make test-editors
// Each run is a new window on one VS Code. "activation" is what VS Code itself counts for the extension in the
// extension host, loading its code included. The steps between are those that the extension tells in its debug info.

import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { makeWorkspace, startCodeServer, VSIX } from "./lib/code-server.mjs";
import { launchBrowser, Workbench } from "./lib/workbench.mjs";

const RUNS = Number(process.argv[2] ?? 7);
const OUT = path.resolve(import.meta.dirname, "../bench/RESULTS-editors.md");
const FILE = "sql/review.sql";

/** What is measured: its name, how it comes out of a run, and what is wanted of it. */
const STEPS = [
  ["activation, in the extension host", (run) => run.activation, "below 300"],
  ["the file's text is shown, until VS Code starts the extension", (run) => run.begun - run.shown],
  ["… until a Python is known", (run) => run["interpreter known"] - run.begun],
  ["… until the server's process is there", (run) => run["server started"] - run["interpreter known"]],
  ["… until the server has answered", (run) => run["server answered"] - run["server started"]],
  ["… until VS Code has the findings", (run) => run["first findings"] - run["server answered"]],
  ["… until they are underlined", (run) => run.found - run["first findings"]],
  ["**the extension is started, until findings are underlined**", (run) => run.found - run.begun],
  ["**the file's text is shown, until findings are underlined**", (run) => run.found - run.shown, "below 2000"],
  ["processor time of the server until then", (run) => run.processor],
];

/** Milliseconds of processor time that a process has used. */
function processorTime(id) {
  const fields = fs
    .readFileSync(`/proc/${id}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function activation(bench) {
  await bench.command("Developer: Show Running Extensions");
  const row = bench.page.locator(".runtime-extensions-editor .monaco-list-row", { hasText: "PipeSense" }).first();
  await row.waitFor();
  const text = await bench.until(async () => /Activation: (\d+)ms/.exec(await row.innerText()));
  return Number(text[1]);
}

async function steps(bench) {
  // All windows have one clipboard.
  await bench.page.evaluate(() => navigator.clipboard.writeText(""));
  await bench.command("PipeSense: Copy Debug Info");
  const info = await bench.until(async () => /```json\n([^]*)\n```/.exec(await bench.clipboard())?.[1]);
  const { start } = JSON.parse(info);
  assert.equal(Object.keys(start).length, 5, info);
  return start;
}

async function measured(bench) {
  const shown = Date.now();
  await bench.page.locator(".squiggly-error").first().waitFor({ state: "attached" });
  const found = Date.now();
  const [server] = await bench.serverProcesses();
  const processor = processorTime(server);
  return { shown, found, processor, ...(await steps(bench)), activation: await activation(bench) };
}

const browser = await launchBrowser();
// One for all windows, because what extensions remember is kept in it.
const context = await browser.newContext({ viewport: { width: 1360, height: 1000 } });
// VSCODE_CLI: the PATH is the one of this process, not that of a shell.
const server = await startCodeServer({ vsix: VSIX, environment: { VSCODE_CLI: "1" } });
const runs = [];
try {
  for (let number = 0; number <= RUNS; number += 1) {
    const load = os.loadavg()[0];
    const bench = await Workbench.open(context, server, makeWorkspace(), FILE);
    const run = await measured(bench);
    runs.push({ ...run, load });
    console.log(STEPS.map(([, of]) => of(run)).join(" "), load.toFixed(1));
    await bench.close();
  }
} finally {
  await browser.close();
  await server.stop();
}

const [first, ...later] = runs;
const sorted = (numbers) => [...numbers].sort((a, b) => a - b);
const median = (numbers) => {
  const [low, high] = [numbers.length - 1, numbers.length].map((each) => sorted(numbers)[Math.floor(each / 2)]);
  return Math.round((low + high) / 2);
};
const row = ([name, of, limit = ""]) => {
  const numbers = sorted(later.map(of));
  return `| ${name} | ${of(first)} | ${numbers[0]} | ${median(numbers)} | ${numbers.at(-1)} | ${limit} |`;
};
const text = [
  "# How long the VS Code extension takes",
  "",
  `Written by \`tests/editors/measure.mjs\`: ${RUNS + 1} windows, one after the other, of a VS Code (code-server, headless Chromium) on`,
  `${os.cpus().length} processors (${os.cpus()[0].model.trim()}). Milliseconds. Before each window so many processes wanted to run:`,
  `${runs.map((each) => each.load.toFixed(1)).join(", ")}. The first window is the first one after the extension was installed:`,
  "Python is looked for and compiles the server's modules then; which one it is and what it compiled is kept.",
  "",
  "| what | first window | least of the others | their median | most | wanted |",
  "|---|---|---|---|---|---|",
  ...STEPS.map(row),
  "",
  "Until VS Code starts the extension, and from its having the findings until they are drawn, only VS Code works; the",
  "steps between are the extension's and its server's.",
  "",
].join("\n");
fs.writeFileSync(OUT, text);
console.log(text);
