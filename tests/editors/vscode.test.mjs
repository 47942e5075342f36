// The extension as people install it, in a VS Code that is driven by keys. Each test is one window.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { makeWorkspace, startCodeServer } from "./lib/code-server.mjs";
import { launchBrowser, Workbench } from "./lib/workbench.mjs";

const ROOT = path.resolve(import.meta.dirname, "../..");
const { version } = JSON.parse(
  fs.readFileSync(path.join(ROOT, "client-extension/package.json"), "utf8"),
);
const VSIX =
  process.env.VSIX ?? path.join(ROOT, `dist/pipesense-${version}.vsix`);

const DAG = "dags/customer_analytics.py";

describe("VS Code", { timeout: 240_000 }, () => {
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
    await bench?.picture(
      `${context.passed === false ? "failed, " : ""}${context.name}`,
    );
    await bench?.close();
    bench = undefined;
  });

  const open = async (file, files) => {
    bench = await Workbench.open(browser, server, makeWorkspace(files), file);
    return bench;
  };

  test("a finding is seen, explained and fixed", async () => {
    await open(DAG);
    await bench.problem(
      "2 tasks touch the network",
      "reliability/no-retries",
      "[Ln 7, Col 16]",
    );
    await bench.problem(
      "nothing checks it",
      "quality/load-without-check",
      "[Ln 22, Col 17]",
    );
    assert.deepEqual(await bench.squiggles("customer_analytics.py"), [
      'warning: {"owner": "data-team", "execution_timeout": timedelta(hours=1)}',
      'warning: "load_customer_analytics"',
    ]);
    await bench.focus("customer_analytics.py");
    await bench.goTo(7, 20);
    const hover = await bench.hover(/Retry with backoff/);
    assert.match(
      hover,
      /the warehouse is back\. Nothing tries again/,
      "how it fails",
    );
    await bench.picture("hover");
    await bench.keys("Escape");
    assert.deepEqual(await bench.actions(), [
      "Add retries with exponential backoff",
      "Ignore reliability/no-retries here",
    ]);
    await bench.picture("light bulb");
    await bench.choose("Add retries");
    const before = fs.readFileSync(path.join(bench.workspace, DAG), "utf8");
    const wanted =
      '"retries": 3, "retry_delay": timedelta(minutes=5), "retry_exponential_backoff": True}';
    assert.equal(
      await bench.saved(DAG, /retries/),
      before.replace("timedelta(hours=1)}", `timedelta(hours=1), ${wanted}`),
      "what is in the file",
    );
    await bench.until(
      async () => (await bench.squiggles("customer_analytics.py")).length === 1,
    );
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
    const all = await findings();
    assert.ok(all.includes("error: deleted_at = NULL"), all.join("; "));
    await bench.focus("review.sql");
    await bench.goTo(5, 24);
    await bench.page.keyboard.type(" WHERE false");
    await bench.until(
      async () => !(await findings()).some((each) => each.includes("DELETE")),
    );
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
    assert.equal(
      text.split("\n")[2],
      "WHERE deleted_at IS NULL; -- 😀 nothing is equal to NULL",
    );
  });
});
