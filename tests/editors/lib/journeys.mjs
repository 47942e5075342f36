// What every editor must be able to do, told once. An editor is a function that runs its script: see terminal.mjs.

import assert from "node:assert/strict";
import { test } from "node:test";

const DAG = "dags/customer_analytics.py";
const REVIEW = "sql/review.sql";

export function journeys(run) {
  test("findings at their exact places, a hover, and a fix that makes the finding go", () => {
    const seen = run({
      file: REVIEW,
      findings: 4,
      cursor: [3, 8],
      action: "Use IS NULL",
    });
    assert.equal(seen.problem, undefined);
    assert.deepEqual(seen.findings, [
      "correctness/equals-null: deleted_at = NULL",
      "schema/unknown-column: deleted_at",
      "schema/unknown-column: note",
      "security/dml-without-where: DELETE FROM mart.orders",
    ]);
    assert.match(seen.hover, /is never true/);
    assert.match(seen.hover, /How it fails/i, "the pattern behind it");
    assert.ok(seen.settled, "one finding less");
    assert.equal(seen.text(REVIEW).split("\n")[2], "WHERE deleted_at IS NULL; -- 😀 nothing is equal to NULL");
  });

  test("columns behind characters that are two units long", () => {
    const files = {
      [REVIEW]: "SELECT '😀' AS face FROM mart.orders WHERE 1 = 1 AND '😀😀' <> email AND email = NULL;\n",
    };
    const seen = run({ file: REVIEW, findings: 1, cursor: [1, 0], files });
    assert.equal(seen.problem, undefined);
    assert.deepEqual(seen.findings, ["correctness/equals-null: email = NULL"]);
  });

  test("a task's effective settings and its retries", () => {
    const seen = run({
      file: DAG,
      findings: 6,
      cursor: [7, 20],
      action: "Add retries with exponential backoff",
    });
    assert.equal(seen.problem, undefined);
    assert.deepEqual(seen.findings, [
      'monitoring/no-failure-alert: "customer_analytics_pipeline"',
      'quality/load-without-check: "load_customer_analytics"',
      'reliability/no-retries: {"owner": "data-team", "execution_timeout": timedelta(hours=1)}',
      'testing/no-dag-integrity-test: "customer_analytics_pipeline"',
      'testing/no-rerun-test: "load_customer_analytics"',
      "testing/no-transformation-test: extract_customers",
    ]);
    assert.match(seen.text(DAG), /"retries": 3, "retry_delay": timedelta\(minutes=5\)/);
  });

  test("a fix that makes a new file", () => {
    const action = "Insert quality checks for mart.orders as checks/orders.sql";
    // Neither Neovim 0.7 nor eglot makes the folder of a new file.
    const files = { "checks/README": "" };
    const seen = run({ file: "sql/tables.sql", findings: 0, cursor: [1, 20], action, files });
    assert.equal(seen.problem, undefined);
    assert.ok(seen.actions.includes(action), String(seen.actions));
    assert.match(seen.text("checks/orders.sql"), /FROM mart\.orders/);
    assert.match(seen.text("sql/tables.sql"), /^CREATE TABLE mart\.orders/);
  });

  test("rename of a CTE", () => {
    const text = "WITH fresh AS (SELECT order_id FROM mart.orders)\nSELECT order_id FROM fresh;\n";
    const seen = run({
      file: REVIEW,
      findings: 0,
      cursor: [1, 6],
      rename: "recent",
      files: { [REVIEW]: text },
    });
    assert.equal(seen.problem, undefined);
    assert.equal(seen.text(REVIEW), text.replaceAll("fresh", "recent"));
  });
}
