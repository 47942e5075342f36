/** Asking Python interpreters what they are. Nothing of the workspace is imported meanwhile. */

import { spawn } from "node:child_process";

export const OLDEST: Version = [3, 10];

export type Version = readonly [major: number, minor: number];

export interface Interpreter {
  /** The program and the arguments in front of all others: `["py", "-3.12"]`. */
  readonly command: readonly string[];
  readonly version: Version;
  /** The program itself, where `command` names a script of a version manager that looks for it each time. */
  readonly executable?: string;
  /** The version of the pipesense package in it, or null. Only known where it was asked for. */
  readonly installed: string | null;
}

export interface Unusable {
  readonly command: readonly string[];
  /** A clause: "there is no such program". */
  readonly why: string;
}

export type Answer = Interpreter | Unusable;

/** Asks an interpreter; `wantsPackage` also asks for the pipesense package in its environment. */
export type Ask = (command: readonly string[], wantsPackage: boolean) => Promise<Answer>;

export function isUsable(answer: Answer): answer is Interpreter {
  return "version" in answer;
}

/** Words for people: "Python 3.9". */
export function spoken(version: Version): string {
  return `Python ${version[0]}.${version[1]}`;
}

export function isNewEnough(version: Version): boolean {
  return version[0] > OLDEST[0] || (version[0] === OLDEST[0] && version[1] >= OLDEST[1]);
}

// Python 2 must be able to read this too, so that it can be named.
const VERSION = "import sys; print('%d.%d' % sys.version_info[:2]); print(sys.executable or '')";
const PACKAGE = `${VERSION}
try:
    from importlib.metadata import version
    print(version('pipesense'))
except Exception:
    pass`;

/** Starts the interpreter and reads its answer; `milliseconds` is how long it may take. */
export function asking(milliseconds = 15_000): Ask {
  return (command, wantsPackage) =>
    new Promise((resolve) => {
      const [program = "", ...before] = command;
      // -I: neither the working directory nor PYTHONPATH is looked at; -S: no code of an environment is run.
      const flags = wantsPackage ? ["-I", "-c", PACKAGE] : ["-I", "-S", "-c", VERSION];
      const child = spawn(program, [...before, ...flags], { stdio: ["ignore", "pipe", "pipe"], windowsHide: true });
      let out = "";
      let complaint = "";
      const timer = setTimeout(() => {
        child.kill("SIGKILL");
        resolve({ command, why: `it did not answer within ${milliseconds / 1000} seconds` });
      }, milliseconds);
      const answer = (given: Answer): void => {
        clearTimeout(timer);
        resolve(given);
      };
      child.stdout.on("data", (data: Buffer) => (out += data.toString()));
      child.stderr.on("data", (data: Buffer) => (complaint += data.toString()));
      child.on("error", (error: NodeJS.ErrnoException) => {
        answer({ command, why: error.code === "ENOENT" ? "there is no such program" : error.message });
      });
      child.on("close", (code) => {
        answer(understood(command, out, code, complaint));
      });
    });
}

function understood(command: readonly string[], out: string, code: number | null, complaint: string): Answer {
  const [first = "", second = "", third = ""] = out.split(/\r?\n/);
  const found = /^(\d+)\.(\d+)$/.exec(first.trim());
  if (found === null) {
    const last = complaint.trim().split(/\r?\n/).at(-1) ?? "";
    return { command, why: last !== "" ? `it says "${last}"` : `it is no Python (exit code ${code ?? "unknown"})` };
  }
  const version: Version = [Number(found[1]), Number(found[2])];
  const executable = second.trim();
  return { command, version, ...(executable === "" ? {} : { executable }), installed: third.trim() || null };
}

/** What to try without any setting: the names under which Python is on the path. */
export function onThePath(platform: NodeJS.Platform): string[][] {
  return platform === "win32" ? [["py", "-3"], ["python"], ["python3"]] : [["python3"], ["python"]];
}
