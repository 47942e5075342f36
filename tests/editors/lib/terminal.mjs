// Editors of the terminal: each runs one script in a workspace of its own and says what it saw.

import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { makeWorkspace } from "./code-server.mjs";

const PYTHON = process.env.PIPESENSE_PYTHON ?? "python3";

/**
 * Runs `command` on a file. `findings` is how many to wait for, `cursor` the line (from 1) and column (from 0),
 * `action` the title of the code action to apply, `rename` the new name of what stands there.
 */
export function edit(command, { file, findings, cursor, action, rename, files }) {
  const workspace = makeWorkspace(files);
  const out = path.join(workspace, ".seen.json");
  const env = {
    ...process.env,
    SERVER: `${PYTHON} -m pipesense server`,
    ROOT: workspace,
    FILE: path.join(workspace, file),
    FINDINGS: String(findings),
    CURSOR: cursor.join(" "),
    OUT: out,
    ...(action === undefined ? {} : { DO: action }),
    ...(rename === undefined ? {} : { RENAME: rename }),
  };
  delete env.NODE_TEST_CONTEXT;
  // Users' servers keep what Python compiled; without that each test would compile it all again.
  delete env.PYTHONDONTWRITEBYTECODE;
  const [program, ...words] = command;
  const done = spawnSync(program, words, {
    env,
    cwd: workspace,
    encoding: "utf8",
    timeout: 400_000,
  });
  const seen = fs.existsSync(out) ? JSON.parse(fs.readFileSync(out, "utf8")) : {};
  const problem = seen.problem ?? (done.status === 0 ? undefined : `exit code ${done.status}: ${done.stderr}`);
  return {
    ...seen,
    problem,
    text: (name) => fs.readFileSync(path.join(workspace, name), "utf8"),
  };
}
