import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

interface Manifest {
  readonly version: string;
  readonly contributes: {
    readonly commands: readonly { readonly command: string }[];
    readonly languages?: unknown;
    readonly problemMatchers: readonly { readonly pattern: { readonly regexp: string } }[];
  };
}

const text = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf-8");
const manifest = JSON.parse(text("../package.json")) as Manifest;

describe("the manifest", () => {
  it("has the server's version", () => {
    const init = text("../../server/pipesense/__init__.py");
    expect(init).toContain(`__version__ = "${manifest.version}"`);
  });

  it("claims no language: .sql belongs to whom the user gave it", () => {
    expect(manifest.contributes.languages).toBeUndefined();
  });

  it("has a title for every command that people can call, and a function behind it", () => {
    const source = text("../src/commands.ts");
    for (const { command } of manifest.contributes.commands) {
      expect(source).toMatch(new RegExp(`\\b${command.replace("pipesense.", "")}\\b`));
    }
  });

  it.each([
    [
      "dags/a.py:15:12: warning: Variable.get asks. [performance/parse-time-io]",
      ["dags/a.py", "15", "12", "warning", "Variable.get asks.", "performance/parse-time-io"],
    ],
    [
      "C:\\w\\a.sql:1:2: error: A [b] c. [correctness/equals-null]",
      ["C:\\w\\a.sql", "1", "2", "error", "A [b] c.", "correctness/equals-null"],
    ],
    ["  15 | SHOP_API = x:1:2: error: no [a/b]", null],
    ["    safe fix: Use .total_seconds()", null],
    ["3 findings: 1 error", null],
  ])("matches the lines of pipesense check: %s", (line, expected) => {
    const pattern = manifest.contributes.problemMatchers[0]?.pattern.regexp ?? "";
    const found = new RegExp(pattern).exec(line);
    expect(found === null ? null : [...found].slice(1)).toEqual(expected);
  });
});
