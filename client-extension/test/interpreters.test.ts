import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { asking, isNewEnough, isUsable, type Version } from "../src/interpreters";

let folder = "";
const program = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
};

beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "py-"))));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe.skipIf(process.platform === "win32")("asking an interpreter", () => {
  it("tells the version of a real one", async () => {
    const answer = await asking()(["python3"], false);
    expect(isUsable(answer) && answer.version[0]).toBe(3);
  });

  it("tells that the package is not there", async () => {
    const answer = await asking()(["python3", "-S"], true);
    expect(isUsable(answer) && answer.installed).toBe(null);
  });

  it.each([
    ["old", "echo 3.9", { version: [3, 9], installed: null }],
    ["two", "echo 2.7", { version: [2, 7], installed: null }],
    ["with", "echo 3.12; echo; echo 0.4.2", { version: [3, 12], installed: "0.4.2" }],
    ["shown", "echo 3.12; echo /opt/python", { version: [3, 12], executable: "/opt/python", installed: null }],
    [
      "shim",
      "echo 'pyenv: python3: command not found' >&2; exit 127",
      { why: 'it says "pyenv: python3: command not found"' },
    ],
    ["silent", "exit 0", { why: "it is no Python (exit code 0)" }],
    ["other", "echo hello", { why: "it is no Python (exit code 0)" }],
  ])("understands a program that is %s", async (name, text, expected) => {
    const command = [program(name, text)];
    expect(await asking()(command, true)).toEqual({ command, ...expected });
  });

  it("says that there is none", async () => {
    expect(await asking()(["/no/such/python"], false)).toMatchObject({ why: "there is no such program" });
  });

  it("does not wait for ever", async () => {
    const command = [program("hangs", "exec sleep 30")];
    expect(await asking(200)(command, false)).toEqual({ command, why: "it did not answer within 0.2 seconds" });
  });

  it.each<[Version, boolean]>([
    [[2, 7], false],
    [[3, 9], false],
    [[3, 10], true],
    [[3, 14], true],
    [[4, 0], true],
  ])("%j is new enough: %s", (version, expected) => {
    expect(isNewEnough(version)).toBe(expected);
  });
});
