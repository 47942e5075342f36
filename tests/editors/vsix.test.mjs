// What `make vsix` builds, unpacked and started on every Python that there is, as the extension starts it.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, describe, test } from "node:test";
import { makeWorkspace } from "./lib/code-server.mjs";

const ROOT = path.resolve(import.meta.dirname, "../..");
const DIST = path.join(ROOT, "dist");
const { version } = JSON.parse(fs.readFileSync(path.join(ROOT, "client-extension/package.json"), "utf8"));
const MEGABYTE = 1_000_000;
const NATIVE = ["yaml/_yaml"];
const MINORS = [10, 11, 12, 13, 14];

/** Interpreters of different versions, found by tests/suite.py; whatever python3 is where nobody looked for others. */
const PYTHONS = (process.env.PIPESENSE_PYTHONS ?? "python3").split(path.delimiter).filter(Boolean);

const unpacked = fs.mkdtempSync(path.join(os.tmpdir(), "vsix-"));
after(() => fs.rmSync(unpacked, { recursive: true, force: true }));

const files = fs.readdirSync(DIST).filter((name) => name.endsWith(`-${version}.vsix`));
const universal = `pipesense-${version}.vsix`;
const native = files.find((name) => name !== universal);

function unpack(name) {
  const folder = path.join(unpacked, name);
  if (!fs.existsSync(folder)) {
    const script = "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])";
    execFileSync(PYTHONS[0], ["-c", script, path.join(DIST, name), folder]);
  }
  return path.join(folder, "extension/bundled");
}

const compiledOf = (folder) =>
  fs
    .readdirSync(folder, { recursive: true })
    .filter((name) => /\.(so|pyd|dylib|dll)$/.test(name))
    .sort();

/** What a Python says of itself, of the compiled YAML reader it got and of what it found in the workspace. */
function ask(python, name) {
  const bundled = unpack(name);
  const asked = [
    "import json, sys",
    `sys.path.insert(0, ${JSON.stringify(path.join(bundled, "libs"))})`,
    "import yaml",
    "print(json.dumps([sys.version_info[1], yaml.__with_libyaml__ and yaml._yaml.__file__]))",
  ].join("\n");
  const flags = ["-I", "-S", "-B"];
  const [minor, fastYaml] = JSON.parse(execFileSync(python, [...flags, "-c", asked], { encoding: "utf8" }));
  const workspace = makeWorkspace({ "flow.yaml": "main:\n  steps:\n    - a:\n        call: http.get\n" });
  const words = [path.join(bundled, "launch.py"), "check", "--level", "hint", "--format", "json", "."];
  const done = spawnSync(python, ["-X", "utf8", ...flags, ...words], { cwd: workspace, encoding: "utf8" });
  assert.equal(done.stderr, "");
  const found = JSON.parse(done.stdout).findings.map((each) => `${each.path} ${each.rule}`);
  return { minor, fastYaml, found };
}

describe("the universal VSIX", () => {
  test("is below 5 MB and holds nothing compiled", () => {
    assert.ok(fs.statSync(path.join(DIST, universal)).size < 5 * MEGABYTE);
    assert.deepEqual(compiledOf(unpack(universal)), []);
  });

  for (const python of PYTHONS) {
    test(`finds what there is on ${python}`, () => {
      const { fastYaml, found } = ask(python, universal);
      assert.equal(fastYaml, false);
      assert.ok(found.includes("sql/review.sql correctness/equals-null"), found.join("\n"));
    });
  }
});

describe("the VSIX of this platform", { skip: native === undefined && "VS Code has no name for this platform" }, () => {
  test("is below 25 MB and holds each compiled module once for every supported Python, and no compiled sqlglot", () => {
    assert.ok(fs.statSync(path.join(DIST, native)).size < 25 * MEGABYTE);
    const names = compiledOf(unpack(native));
    const wanted = NATIVE.flatMap((module) => MINORS.map((minor) => `${module} 3${minor}`));
    assert.deepEqual(
      names.map((name) => name.replace(/^libs\/([^.]+)\.c(?:python-|p)(\d+).*$/, "$1 $2")).sort(),
      wanted.sort(),
    );
  });

  const minors = new Set();
  for (const python of PYTHONS) {
    test(`gives ${python} its own compiled modules, and the same findings`, () => {
      const { minor, fastYaml, found } = ask(python, native);
      minors.add(minor);
      if (MINORS.includes(minor)) {
        assert.match(fastYaml, new RegExp(`c(python-|p)3${minor}-`));
      }
      assert.deepEqual(found, ask(python, universal).found);
    });
  }

  test("on more than one Python", { skip: PYTHONS.length < 2 && "there is one Python only" }, () => {
    assert.ok(minors.size >= 2, [...minors].join());
  });
});
