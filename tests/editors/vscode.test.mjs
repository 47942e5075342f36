// The extension as people install it, in a VS Code that is driven by keys. Each test is one window.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { makeWorkspace, startCodeServer, VSIX } from "./lib/code-server.mjs";
import { launchBrowser, Workbench } from "./lib/workbench.mjs";

const DAG = "dags/customer_analytics.py";

describe("VS Code", { timeout: 1_200_000 }, () => {
  let server, browser, bench;

  before(async () => {
    server = await startCodeServer({ vsix: VSIX });
    browser = await launchBrowser();
  });

  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  afterEach(async (context) => {
    await bench?.picture(`${context.passed === false ? "failed, " : ""}${context.name}`);
    await bench?.close();
    bench = undefined;
  });

  const open = async (file, files) => {
    bench = await Workbench.open(browser, server, makeWorkspace(files), file);
    return bench;
  };

  test("a finding is seen, explained and fixed", async () => {
    await open(DAG);
    await bench.problem("2 tasks touch the network", "reliability/no-retries", "[Ln 7, Col 16]");
    await bench.problem("nothing checks it", "quality/load-without-check", "[Ln 22, Col 17]");
    // Hints are three dots below a word's first letters; what stands there is seen in the view of findings.
    const loud = async () =>
      (await bench.squiggles("customer_analytics.py")).filter((each) => !each.startsWith("hint"));
    await bench.becomes(loud, [
      'warning: {"owner": "data-team", "execution_timeout": timedelta(hours=1)}',
      'info: "customer_analytics_pipeline"',
      'warning: "load_customer_analytics"',
    ]);
    await bench.focus("customer_analytics.py");
    await bench.goTo(7, 20);
    const hover = await bench.hover(/Retry with backoff/);
    assert.match(hover, /the warehouse is back\. Nothing tries again/, "how it fails");
    await bench.picture("hover");
    await bench.keys("Escape");
    assert.deepEqual(await bench.actions(), [
      "Add retries with exponential backoff",
      "Ignore reliability/no-retries here",
    ]);
    await bench.picture("light bulb");
    await bench.choose("Add retries");
    const before = fs.readFileSync(path.join(bench.workspace, DAG), "utf8");
    const wanted = '"retries": 3, "retry_delay": timedelta(minutes=5), "retry_exponential_backoff": True}';
    assert.equal(
      await bench.saved(DAG, /retries/),
      before.replace("timedelta(hours=1)}", `timedelta(hours=1), ${wanted}`),
      "what is in the file",
    );
    await bench.until(async () => (await loud()).length === 2);
  });

  test("a hover on a task shows the settings that it really has", async () => {
    await open(DAG);
    await bench.problem("no-retries");
    await bench.focus("customer_analytics.py");
    await bench.goTo(22, 25);
    const hover = await bench.hover(/retries: none, the default is 0/);
    assert.match(hover, /timeout: 1 hour .*from default_args, line 7/);
  });

  test("a key makes a finding go, and undo brings it back", async () => {
    await open("sql/review.sql");
    await bench.problem("never true", "correctness/equals-null");
    const findings = () => bench.squiggles("review.sql");
    await bench.until(async () => (await findings()).includes("error: deleted_at = NULL"));
    await bench.focus("review.sql");
    await bench.goTo(5, 24);
    await bench.page.keyboard.type(" WHERE false");
    await bench.until(async () => !(await findings()).some((each) => each.includes("DELETE")));
    await bench.until(async () => {
      await bench.keys("Control+Z");
      return (await findings()).includes("error: DELETE FROM mart.orders");
    });
  });

  test("all safe fixes at once", async () => {
    await open("sql/review.sql");
    await bench.problem("never true", "correctness/equals-null");
    await bench.focus("review.sql");
    await bench.command("PipeSense: Apply All Safe Fixes in This File");
    const text = await bench.saved("sql/review.sql", /IS NULL/);
    assert.equal(text.split("\n")[2], "WHERE deleted_at IS NULL; -- 😀 nothing is equal to NULL");
  });

  test("quality checks are chosen with their reasons, previewed and inserted", async () => {
    const load = "dags/sql/load_customer_metrics.sql";
    await open(load);
    await bench.page.locator(".editor-instance").first().waitFor();
    await bench.until(async () => (await bench.findings()) > 0);
    await bench.focus("load_customer_metrics.sql");
    await bench.goTo(3, 20);
    await bench.command("PipeSense: Insert Quality Checks…");
    const proposed = await bench.picks("email has its form");
    assert.match(proposed, /because email is named like an email address/);
    assert.match(proposed, /revenue is in range/);
    await bench.picture("checks");
    await bench.keys("Enter");
    await bench.picks("as Airflow tasks behind the load");
    await bench.pick("below the load");
    await bench.picks("Apply");
    await bench.page.locator(".monaco-diff-editor .modified .view-line", { hasText: "email" }).first().waitFor();
    await bench.picture("preview");
    assert.ok(!fs.readFileSync(path.join(bench.workspace, load), "utf8").includes("-- "), "nothing is changed yet");
    await bench.keys("Enter");
    const before = fs.readFileSync(path.join(bench.workspace, load), "utf8");
    const text = await bench.saved(load, /validity check: email/);
    assert.ok(text.startsWith(before.trimEnd()), "what was there stays as it was");
    assert.match(text, /SELECT .*\n?[^;]*email/s);
    await bench.keys("Control+Z");
    assert.equal(await bench.saved(load, new RegExp(`^${RegExp.escape(before)}$`)), before, "one undo takes it back");
  });

  test("retries are chosen for one task, previewed and inserted", async () => {
    await open(DAG);
    await bench.problem("no-retries");
    await bench.focus("customer_analytics.py");
    await bench.command("PipeSense: Insert Retry Config…");
    const proposed = await bench.picks("load_customer_analytics");
    assert.match(proposed, /no failed attempt is repeated; it writes mart\.customer_metrics/);
    await bench.pick("load_customer_analytics");
    await bench.pick("5 retries, from 1 minute on");
    await bench.picks("Apply");
    await bench.keys("Enter");
    const text = await bench.saved(DAG, /retries=5/);
    assert.match(text, / {8}retries=5,\n {8}retry_delay=timedelta\(minutes=1\),\n/);
  });

  test("settings hold without a restart", async () => {
    await open("sql/review.sql");
    await bench.problem("equals-null");
    const before = await bench.serverProcesses();
    server.settings({
      "pipesense.ignore": ["correctness/equals-null"],
      "pipesense.severity": { security: "info" },
    });
    await bench.until(async () => {
      const found = await bench.squiggles("review.sql");
      return !found.includes("error: deleted_at = NULL") && found.includes("info: DELETE FROM mart.orders");
    });
    assert.deepEqual(await bench.serverProcesses(), before);
    server.settings({});
    await bench.until(async () => (await bench.squiggles("review.sql")).includes("error: deleted_at = NULL"));
  });

  test("a server that is killed comes back, and its findings with it", async () => {
    await open("sql/review.sql");
    await bench.problem("equals-null");
    const [killed] = await bench.serverProcesses();
    process.kill(killed, "SIGKILL");
    const [started] = await bench.until(async () => {
      const now = await bench.serverProcesses();
      return now.length > 0 && !now.includes(killed) ? now : undefined;
    });
    assert.notEqual(started, killed);
    await bench.focus("review.sql");
    await bench.goTo(5, 24);
    await bench.page.keyboard.type(" WHERE false");
    await bench.until(async () => {
      const found = await bench.squiggles("review.sql");
      return found.includes("error: deleted_at = NULL") && !found.some((each) => each.includes("DELETE"));
    });
  });

  test("SQL in a string of Python is coloured as SQL", async () => {
    const python = 'LOAD = """\n    x\n"""\nsql = """\n    SELECT 1 -- why\n"""\nTEXT = "from here to there"\n';
    await open("sql/review.sql", { "dags/colours.py": python });
    const colour = (file, word, wanted) =>
      bench.until(async () => {
        const found = await bench.colours(file, word);
        // Grammars are loaded one after the other: until then everything has the colour of plain text.
        return found.length > 0 && (wanted === undefined || found[0] === wanted) ? found[0] : undefined;
      });
    const plain = await bench.plainColour("review.sql");
    const keyword = await bench.until(async () => {
      const found = await bench.colours("review.sql", "SELECT");
      return found.length > 0 && found[0] !== plain ? found[0] : undefined;
    });
    await bench.openFile("dags/colours.py");
    await colour("colours.py", "SELECT", keyword);
    assert.notEqual(await colour("colours.py", "from here to there"), keyword, "a text is no keyword");
    assert.notEqual(await colour("colours.py", "-- why"), keyword, "a comment is none either");
  });

  test("findings by concern, and the page of a rule", async () => {
    await open("sql/review.sql");
    await bench.until(async () => (await bench.findings()) >= 6);
    await bench.command("View: Show PipeSense");
    const rows = async () =>
      (await bench.page.locator(".pane-body .monaco-list-row").allInnerTexts()).map((row) => row.replace(/\s+/g, ""));
    await bench.becomes(rows, [
      ...["quality1", "load-without-check1", "correctness1", "equals-null1", "schema2", "unknown-column2"],
      ...["reliability1", "no-retries1", "idempotency1", "create-not-rerunnable1"],
      ...["monitoring1", "no-failure-alert1", "security1", "dml-without-where1"],
      ...["testing3", "no-dag-integrity-test1", "no-rerun-test1", "no-transformation-test1"],
    ]);
    await bench.command("PipeSense: Explain a Rule…");
    assert.match(await bench.picks("correctness/equals-null"), /in this file/);
    await bench.pick("correctness/equals-null");
    const page = bench.page.locator("iframe.webview").first().contentFrame().locator("#active-frame").contentFrame();
    await page.locator("h1", { hasText: "equals-null" }).waitFor();
    assert.match(await page.locator("body").innerText(), /How it fails/);
    await page.getByRole("link", { name: "Three-valued logic" }).click();
    await page.locator("h1", { hasText: "Three-valued logic" }).waitFor();
  });

  test("a table is renamed in every file that names it", async () => {
    await open("sql/tables.sql");
    await bench.until(async () => (await bench.findings()) >= 6);
    await bench.focus("tables.sql");
    await bench.goTo(1, 20);
    await bench.keys("F2");
    const box = bench.page.locator(".rename-box input");
    await box.waitFor();
    await box.fill("purchases");
    await bench.keys("Control+Enter");
    const preview = bench.page.locator(".bulk-edit-panel");
    await preview.locator(".monaco-list-row", { hasText: "review.sql" }).waitFor();
    assert.equal(
      await preview.locator('.monaco-list-row input[type="checkbox"]:not(:checked)').count(),
      0,
      "all ticked",
    );
    await bench.picture("rename");
    await preview.getByRole("button", { name: "Apply" }).click();
    await bench.until(() => bench.page.locator(".tab.dirty").count());
    await bench.focus("tables.sql");
    await bench.command("File: Save All");
    const text = (file) => fs.readFileSync(path.join(bench.workspace, file), "utf8");
    await bench.until(() => /FROM mart\.purchases;/.test(text("sql/review.sql")));
    assert.match(await bench.saved("sql/tables.sql", /purchases/), /^CREATE TABLE mart\.purchases \(/);
    assert.match(text("dags/sql/load_customer_metrics.sql"), /FROM mart\.purchases\n/);
  });

  test("a dbt model is renamed with its file, in SQL and in YAML", async () => {
    await open("models/orders.sql", {
      "dbt_project.yml": "name: shop\nprofile: shop\nmodel-paths: [models]\n",
      "models/raw.sql": "select 1 as id\n",
      "models/orders.sql": "select id from {{ ref('raw') }}\n",
      "models/schema.yml": "models:\n  - name: raw\n    columns:\n      - name: id\n",
    });
    await bench.until(async () => (await bench.findings()) >= 2);
    await bench.focus("orders.sql");
    await bench.goTo(1, 25);
    await bench.keys("F2");
    const box = bench.page.locator(".rename-box input");
    await box.waitFor();
    await box.fill("base");
    await bench.keys("Control+Enter");
    const preview = bench.page.locator(".bulk-edit-panel");
    await preview.locator(".monaco-list-row", { hasText: "schema.yml" }).waitFor();
    await bench.picture("rename of a model");
    await preview.getByRole("button", { name: "Apply" }).click();
    await bench.until(() => fs.existsSync(path.join(bench.workspace, "models/base.sql")));
    await bench.focus("orders.sql");
    await bench.command("File: Save All");
    const text = (file) => fs.readFileSync(path.join(bench.workspace, file), "utf8");
    await bench.until(
      () => /ref\('base'\)/.test(text("models/orders.sql")) && /name: base/.test(text("models/schema.yml")),
    );
    assert.ok(!fs.existsSync(path.join(bench.workspace, "models/raw.sql")));
  });

  test("the walkthrough ticks what has happened", async () => {
    await open("pipesense.toml");
    await bench.until(async () => (await bench.findings()) >= 6);
    await bench.command("Welcome: Open Walkthrough...");
    await bench.pick("Get started with PipeSense");
    await bench.page.locator(".getting-started-step", { hasText: "See a finding" }).waitFor();
    await bench.page.locator(".tab", { hasText: "Welcome" }).dblclick();
    for (const name of ["sql", "review.sql"]) {
      await bench.page.locator(".explorer-folders-view .monaco-list-row", { hasText: name }).last().click();
    }
    await bench.shown("review.sql");
    await bench.problem("equals-null");
    await bench.page.locator(".tab", { hasText: "Welcome" }).click();
    const progress = bench.page
      .locator(".getting-started-category", { hasText: "PipeSense" })
      .locator(".progress-bar-inner");
    await bench.until(async () => /width: 50%/.test((await progress.getAttribute("style")) ?? ""));
  });
});

describe("VS Code with something missing", { timeout: 1_200_000 }, () => {
  let browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(async () => {
    await browser?.close();
  });

  /** A window with these settings, and what it tells. */
  const told = async (settings, wanted, press) => {
    const server = await startCodeServer({ vsix: VSIX, settings });
    try {
      const bench = await Workbench.open(browser, server, makeWorkspace(), "sql/review.sql");
      const notice = await bench.until(async () => {
        const text = await bench.notices();
        return wanted.test(text) ? text : undefined;
      });
      assert.equal(notice.split("PipeSense").length - 1 > 0, true);
      const count = await bench.page.locator(".notifications-toasts .notification-list-item").count();
      assert.equal(count, 1, "one message");
      if (press !== undefined) await press(bench, server);
      await bench.picture(`missing ${wanted.source.slice(0, 20).replace(/\W/g, "_")}`);
      await bench.close();
    } finally {
      await server.stop();
    }
  };

  test("a server that dies at its start is left alone after five times, with its last words", async () => {
    const folder = makeWorkspace({
      "python3.12": "#!/bin/sh\ncase \"$*\" in *print*) echo 3.12;; *) echo 'disk is full' >&2; exit 3;; esac\n",
    });
    const python = path.join(folder, "python3.12");
    fs.chmodSync(python, 0o755);
    await told({ "pipesense.interpreter": [python] }, /ended unexpectedly 5 times in three minutes: disk is full/);
  });
});
