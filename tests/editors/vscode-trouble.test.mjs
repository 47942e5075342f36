// Each thing that can go wrong ends in one message, with a button that helps.

import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { makeWorkspace, startCodeServer, VSIX } from "./lib/code-server.mjs";
import { launchBrowser, Workbench } from "./lib/workbench.mjs";

/** Some more than client-extension/src/large.ts speaks up for, so that some may be read before it looks. */
const MANY = 24_000;

describe("VS Code in trouble", { timeout: 1_800_000 }, () => {
  let browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(async () => {
    await browser?.close();
  });

  /** A VS Code of its own with a window on a workspace, ended afterwards. */
  const within = async (name, { workspace = makeWorkspace(), file = "sql/review.sql", ...how }, go) => {
    const server = await startCodeServer({ vsix: VSIX, ...how });
    let bench;
    try {
      bench = await Workbench.open(browser, server, workspace, file);
      await go(bench, server);
    } finally {
      await bench?.picture(`trouble, ${name}`);
      await bench?.close();
      await server.stop();
    }
  };

  /** The one message that says what is wanted. */
  const told = async (bench, wanted) => {
    await bench.until(async () => wanted.test(await bench.notices()));
    const notices = bench.page.locator(".notifications-toasts .notification-list-item", { hasText: "PipeSense" });
    assert.equal(await notices.count(), 1, "one message");
    const buttons = await notices.locator(".notification-list-item-buttons-container").innerText();
    return buttons.split("\n").filter(Boolean);
  };

  /** A folder with programs named like Pythons. With VSCODE_CLI no shell is asked for another PATH. */
  const programs = (scripts) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "programs-"));
    for (const [name, text] of Object.entries(scripts)) {
      fs.writeFileSync(path.join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    }
    return folder;
  };

  test("no Python: where to get one", async () => {
    await within("no Python", { environment: { PATH: programs({}), VSCODE_CLI: "1" } }, async (bench) => {
      const buttons = await told(bench, /needs Python 3\.10 or newer to run, and no Python was found on this machine/);
      assert.deepEqual(buttons, ["Get Python", "Open Setting", "Start Again"]);
      assert.match(await bench.status(), /PipeSense: stopped.*no Python was found/);
    });
  });

  test("only an old Python: which one, and the setting that names another", async () => {
    const environment = { PATH: programs({ python3: "echo 3.9", python: "echo 2.7" }), VSCODE_CLI: "1" };
    await within("old Python", { environment }, async (bench) => {
      const buttons = await told(bench, /The newest that was found is Python 3\.9 \(python3\)/);
      assert.deepEqual(buttons, ["Open Setting", "Start Again", "Show Logs"]);
      await bench.press("Python 3.9", "Open Setting");
      await bench.page.locator(".settings-editor .setting-item-contents", { hasText: "Interpreter" }).first().waitFor();
    });
  });

  test("an interpreter that is not there: its name, and a setting that is mended starts the server", async () => {
    const settings = { "pipesense.interpreter": ["/no/such/python"] };
    await within("broken interpreter", { settings }, async (bench, server) => {
      const buttons = await told(bench, /names \/no\/such\/python, but there is no such program/);
      assert.deepEqual(buttons, ["Open Setting", "Start Again", "Show Logs"]);
      server.settings({ "pipesense.interpreter": [] });
      await bench.problem("equals-null");
    });
  });

  test("a folder that is removed while it is open: its findings go, and Look Again brings them back", async () => {
    const workspace = makeWorkspace();
    await within("folder gone", { workspace }, async (bench) => {
      await bench.problem("no-retries");
      fs.renameSync(workspace, `${workspace}-away`);
      const buttons = await told(bench, /is not there any more, so PipeSense checks nothing of it/);
      assert.deepEqual(buttons, ["Close Folder", "Look Again"]);
      await bench.until(async () => !(await bench.problems()).some((row) => row.includes("no-retries")));
      fs.renameSync(`${workspace}-away`, workspace);
      await bench.press("is not there any more", "Look Again");
      await bench.problem("no-retries");
    });
  });

  test("two windows on one folder: each has its server and its findings, and nobody complains", async () => {
    const workspace = makeWorkspace();
    await within("two windows", { workspace }, async (bench, server) => {
      await bench.problem("equals-null");
      const other = await Workbench.open(browser, server, workspace, "sql/tables.sql");
      await other.problem("equals-null");
      assert.equal((await bench.serverProcesses()).length, 2);
      await other.openFile("sql/review.sql");
      await other.focus("review.sql");
      await other.command("PipeSense: Apply All Safe Fixes in This File");
      await other.saved("sql/review.sql", /IS NULL/);
      await other.until(async () => !(await other.problems()).some((row) => row.includes("equals-null")));
      assert.equal(await bench.notices(), "");
      assert.equal(await other.notices(), "");
      await other.close();
    });
  });

  test("more files than are read at once: said once, what is open is checked meanwhile, folders can be left out", async () => {
    const workspace = makeWorkspace();
    const text = "CREATE TABLE raw.t (id int PRIMARY KEY);\n".repeat(20);
    fs.mkdirSync(path.join(workspace, "many"));
    for (let file = 0; file < MANY; file += 1) fs.writeFileSync(path.join(workspace, `many/t${file}.sql`), text);
    await within("many files", { workspace }, async (bench) => {
      const buttons = await told(bench, /PipeSense has \d+ files of this workspace to read/);
      assert.deepEqual(buttons, ["Exclude Folders", "Read Them All"]);
      await bench.until(async () => (await bench.squiggles("review.sql")).includes("error: deleted_at = NULL"));
      await bench.press("files of this workspace to read", "Exclude Folders");
      await bench.page.locator(".settings-editor .setting-item-contents", { hasText: "Exclude" }).first().waitFor();
    });
  });
});
