import { describe, expect, it } from "vitest";
import { expand, needsRestart, readSettings, type Variables } from "../src/settings";

const VARIABLES: Variables = { workspaceFolder: "/w", home: "/home/ann", environment: { VENV: "/v", EMPTY: "" } };
const read = (values: Record<string, unknown>) => readSettings((name) => values[name], VARIABLES);

describe("settings", () => {
  it.each([
    ["${workspaceFolder}/.venv/bin/python", "/w/.venv/bin/python"],
    ["~/bin/python", "/home/ann/bin/python"],
    ["~", "/home/ann"],
    ["a~b", "a~b"],
    ["${userHome}/x", "/home/ann/x"],
    ["${env:VENV}/bin/python", "/v/bin/python"],
    ["${env:MISSING}python", "python"],
    ["${file}", "${file}"],
  ])("%s is %s", (written, meant) => {
    expect(expand(written, VARIABLES)).toBe(meant);
  });

  it("keeps ${workspaceFolder} where no folder is open", () => {
    expect(expand("${workspaceFolder}/x", { ...VARIABLES, workspaceFolder: undefined })).toBe("${workspaceFolder}/x");
  });

  it("has defaults for what is missing or of a wrong type", () => {
    const expected = {
      enable: true,
      path: [],
      args: [],
      interpreter: [],
      importStrategy: "useBundled",
      run: "onType",
    };
    expect(read({})).toEqual(expected);
    expect(read({ enable: "no", path: 3, args: [1, ""], importStrategy: "latest", run: null })).toEqual(expected);
  });

  it("takes one word for a list of one", () => {
    expect(read({ path: "~/pipesense" }).path).toEqual(["/home/ann/pipesense"]);
  });

  it.each([
    [{ interpreter: ["/p"] }, true],
    [{ path: ["/p"] }, true],
    [{ args: ["--x"] }, true],
    [{ importStrategy: "fromEnvironment" }, true],
    [{ enable: false }, true],
    [{ run: "onSave" }, true],
    [{ select: ["all"] }, false],
    [{ severity: { quality: "error" } }, false],
    [{ diagnosticMode: "openFilesOnly" }, false],
  ])("%j needs a restart: %s", (values, expected) => {
    expect(needsRestart(read({}), read(values))).toBe(expected);
  });
});
