import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

interface Manifest {
  readonly version: string;
  readonly activationEvents: readonly string[];
  readonly extensionDependencies?: unknown;
  readonly capabilities: {
    readonly untrustedWorkspaces: { readonly supported: string; readonly restrictedConfigurations: readonly string[] };
    readonly virtualWorkspaces: { readonly supported: string; readonly description: string };
  };
  readonly contributes: {
    readonly configuration: { readonly properties: Readonly<Record<string, { readonly scope: string }>> };
    readonly walkthroughs: readonly { readonly steps: readonly { readonly completionEvents: readonly string[] }[] }[];
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

  it("works in workspaces that are not trusted, but starts no program that they name", () => {
    const { supported, restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;
    expect(supported).toBe("limited");
    const perMachine = Object.entries(manifest.contributes.configuration.properties)
      .filter(([, property]) => property.scope === "machine-overridable")
      .map(([name]) => name);
    expect([...restrictedConfigurations].sort()).toEqual(perMachine.sort());
  });

  it("says what of a virtual workspace is checked, and asks for documents of no other kind", () => {
    expect(manifest.capabilities.virtualWorkspaces.supported).toBe("limited");
    expect(manifest.capabilities.virtualWorkspaces.description).toContain("files on disk and new files");
    const schemes = [...text("../src/server.ts").matchAll(/\["file", "untitled"\]|scheme: "(\w+)"/g)];
    expect(schemes.map(([, scheme]) => scheme ?? "file, untitled")).toEqual(["file, untitled", "file"]);
  });

  it("needs no other extension, and starts where a pipeline is", () => {
    expect(manifest.extensionDependencies).toBeUndefined();
    for (const wanted of ["**/dags/*.py", "**/dbt_project.yml", "**/*.asl.json", "pipesense.toml"]) {
      expect(manifest.activationEvents).toContain(`workspaceContains:${wanted}`);
    }
  });

  it("has a walkthrough whose steps are done when something happens, and code that says so", () => {
    const source = text("../src/walkthrough.ts");
    const steps = manifest.contributes.walkthroughs[0]?.steps ?? [];
    expect(steps.length).toBe(4);
    for (const step of steps.flatMap((each) => each.completionEvents)) {
      expect(source).toContain(`"${step.replace("onContext:pipesense.", "")}"`);
    }
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
