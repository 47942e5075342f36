// What the extension adds to a window beside findings: folders, trust, status, tasks, configuration, the walkthrough.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { makeWorkspace, startCodeServer, VSIX } from "./lib/code-server.mjs";
import { launchBrowser, Workbench } from "./lib/workbench.mjs";

describe("VS Code's surface", { timeout: 1_800_000 }, () => {
  let browser, server, bench;

  before(async () => {
    browser = await launchBrowser();
    server = await startCodeServer({ vsix: VSIX });
  });

  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  afterEach(async (context) => {
    await bench?.picture(`${context.passed === false ? "failed, " : ""}${context.name}`);
    await bench?.close();
    bench = undefined;
    server.settings({});
  });

  const open = async (workspace, file) => {
    bench = await Workbench.open(browser, server, workspace, file);
    return bench;
  };

  test("two folders in one window: one server, and each folder's own configuration", async () => {
    const loud = makeWorkspace();
    const quiet = makeWorkspace({ "pipesense.toml": 'ignore = ["correctness/equals-null"]\n' });
    const both = path.join(loud, "both.code-workspace");
    fs.writeFileSync(both, JSON.stringify({ folders: [{ path: loud }, { path: quiet }] }));
    await open(both, path.join(quiet, "sql/review.sql"));
    await bench.until(async () => (await bench.squiggles("review.sql")).includes("error: DELETE FROM mart.orders"));
    await bench.becomes(() => bench.findings(), 11);
    const found = (await bench.problems()).filter((row) => row.includes("equals-null"));
    assert.equal(found.length, 1, "only where no pipesense.toml leaves it out");
    assert.ok(!(await bench.squiggles("review.sql")).includes("error: deleted_at = NULL"));
    await bench.until(async () => (await bench.serverProcesses()).length === 1);
  });

  test("a folder that is not trusted: findings, but no program that it names", async () => {
    const workspace = makeWorkspace();
    const trap = path.join(workspace, "python3.12");
    fs.writeFileSync(trap, `#!/bin/sh\ntouch '${workspace}/sprung'\necho 3.12\n`, { mode: 0o755 });
    fs.mkdirSync(path.join(workspace, ".vscode"));
    const settings = { "pipesense.interpreter": [trap], "pipesense.path": [trap], "pipesense.args": ["--none"] };
    fs.writeFileSync(path.join(workspace, ".vscode/settings.json"), JSON.stringify(settings));
    server.settings({
      "security.workspace.trust.enabled": true,
      "security.workspace.trust.startupPrompt": "never",
    });
    await open(workspace, "sql/review.sql");
    await bench.problem("equals-null");
    await bench.page.locator(".statusbar-item", { hasText: "Restricted Mode" }).waitFor();
    assert.ok(!fs.existsSync(path.join(workspace, "sprung")), "what the folder names was started");
    await bench.command("Workspaces: Manage Workspace Trust");
    await bench.page.getByRole("button", { name: "Trust", exact: true }).first().click();
    await bench.until(() => fs.existsSync(path.join(workspace, "sprung")));
  });

  test("the status tells the dialect and why, the dbt project, the rules and what was read; debug info says all", async () => {
    const workspace = makeWorkspace({
      "pipesense.toml": "",
      "dbt_project.yml": "name: shop\nprofile: shop\nmodel-paths: [models]\n",
      "profiles.yml": "shop:\n  target: dev\n  outputs:\n    dev:\n      type: snowflake\n",
      "models/raw.sql": "select 1 as id\n",
    });
    await open(workspace, "models/raw.sql");
    const told = await bench.until(async () => {
      const text = await bench.status();
      return /\d files read/.test(text) ? text : undefined;
    });
    assert.match(told, /snowflake \(.*profile.*\)/i, told);
    assert.match(told, /dbt project shop · \d{3} rules · \d+ files read/);
    await bench.command("PipeSense: Copy Debug Info");
    const info = await bench.until(async () => /```json\n([^]*)\n```/.exec(await bench.clipboard())?.[1]);
    const { extension, editor, folders, trusted, server: launch, running, status } = JSON.parse(info);
    assert.deepEqual([folders, trusted, running], [1, true, true]);
    assert.match(extension, /^\d+\.\d+\.\d+$/);
    assert.match(editor, /\d+\.\d+\.\d+$/);
    assert.match(launch.why, /^the bundled server, on Python 3\.\d+$/);
    assert.deepEqual([status.dialect, status.dbtProject], ["snowflake", "shop"]);
  });

  test("a task checks everything in a terminal, and its findings become problems", async () => {
    const workspace = makeWorkspace();
    fs.mkdirSync(path.join(workspace, ".vscode"));
    const task = { type: "pipesense", label: "check all", problemMatcher: "$pipesense" };
    fs.writeFileSync(path.join(workspace, ".vscode/tasks.json"), JSON.stringify({ version: "2.0.0", tasks: [task] }));
    server.settings({ "pipesense.diagnosticMode": "openFilesOnly" });
    await open(workspace, "sql/tables.sql");
    await bench.until(async () => /files? read/.test(await bench.status()));
    assert.equal(await bench.findings(), 0, "of files that are not open nothing is shown");
    await bench.keys("Control+P");
    await bench.page.keyboard.type("task check all");
    await bench.picks("check all");
    await bench.keys("Enter");
    await bench.until(async () => (await bench.findings()) >= 6, 120_000);
    await bench.focus("tables.sql");
    await bench.problem("equals-null", "[Ln 3, Col 7]");
    await bench.problem("no-retries", "[Ln 7, Col 16]");
  });

  test("a configuration is made, and holds as soon as it is saved", async () => {
    const workspace = makeWorkspace();
    fs.rmSync(path.join(workspace, "pipesense.toml"));
    await open(workspace, "sql/review.sql");
    await bench.problem("equals-null");
    const before = await bench.serverProcesses();
    await bench.command("PipeSense: Create Configuration");
    await bench.shown("pipesense.toml");
    const text = fs.readFileSync(path.join(workspace, "pipesense.toml"), "utf8");
    const line = text.split("\n").indexOf("ignore = []") + 1;
    await bench.focus("pipesense.toml");
    await bench.goTo(line, 11);
    await bench.page.keyboard.insertText('"correctness/equals-null"');
    await bench.saved("pipesense.toml", /^ignore = \["correctness\/equals-null"\]$/m);
    await bench.until(async () => !(await bench.problems()).some((row) => row.includes("equals-null")));
    assert.deepEqual(await bench.serverProcesses(), before, "without a restart");
  });

  test("the walkthrough: what happened before it was opened, a fix that is applied, a check that is inserted", async () => {
    await open(makeWorkspace(), "sql/review.sql");
    await bench.problem("equals-null");
    await bench.command("Welcome: Open Walkthrough...");
    await bench.pick("Get started with PipeSense");
    await bench.page.locator(".getting-started-step", { hasText: "Apply a fix" }).waitFor();
    await bench.page.locator(".tab", { hasText: "Welcome" }).dblclick();
    await bench.page.locator(".tab", { hasText: "review.sql" }).click();
    await bench.focus("review.sql");
    await bench.command("PipeSense: Apply All Safe Fixes in This File");
    await bench.saved("sql/review.sql", /IS NULL/);
    await bench.openFile("sql/tables.sql");
    await bench.focus("tables.sql");
    await bench.goTo(1, 20);
    await bench.command("PipeSense: Insert Quality Checks…");
    await bench.picks("email has its form");
    await bench.keys("Enter");
    await bench.picks("Apply");
    await bench.keys("Enter");
    await bench.page.locator(".tab.active.dirty", { hasText: "orders.sql" }).waitFor();
    // VS Code takes a walkthrough from its welcome page that is done.
    await bench.command("Welcome: Open Walkthrough...");
    await bench.pick("Get started with PipeSense");
    const ticked = bench.page.locator(".getting-started-step .codicon-getting-started-step-checked");
    await bench.becomes(() => ticked.count(), 4);
  });
});
