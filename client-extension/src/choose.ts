/** Which program is the server: the first that works of the user's own, the environment's, the bundled one. */

import { type Answer, type Ask, type Interpreter, isNewEnough, isUsable, spoken } from "./interpreters";
import type { Settings } from "./settings";

/** The oldest installed server that this extension can talk to. */
export const OLDEST_SERVER = "0.1";

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  /** How the choice came about, for the log and the status. */
  readonly why: string;
}

export interface Problem {
  /** WHAT is missing and WHY, in one sentence for people. */
  readonly message: string;
  /** What would help. */
  readonly remedy: "interpreter" | "path" | "install";
}

export type Choice = Launch | Problem;

export interface Surroundings {
  readonly ask: Ask;
  readonly exists: (path: string) => Promise<boolean>;
  /** The interpreter that is selected in the editor, if there is one that may be run here. */
  readonly selected: () => Promise<readonly string[] | undefined>;
  readonly onThePath: readonly (readonly string[])[];
  /** The script in the extension that starts the bundled server. */
  readonly bundled: string;
}

export function isLaunch(choice: Choice): choice is Launch {
  return "command" in choice;
}

export async function choose(settings: Settings, around: Surroundings): Promise<Choice> {
  const [program, ...rest] = settings.path;
  if (program !== undefined) {
    return ownProgram(program, rest, settings, around);
  }
  const wantsPackage = settings.importStrategy === "fromEnvironment";
  const answers: Answer[] = [];
  for await (const answer of candidates(settings, around, wantsPackage)) {
    answers.push(answer);
    if (!isUsable(answer) || !isNewEnough(answer.version)) {
      continue;
    }
    if (wantsPackage && answer.installed !== null && isServerNewEnough(answer.installed)) {
      const why = `pipesense ${answer.installed} of ${shown(answer.command)}`;
      return started(answer, ["-I", "-m", "pipesense"], settings, why);
    }
    const why = wantsPackage
      ? `the bundled server, because pipesense is ${answer.installed === null ? "not installed" : "too old"} in ${shown(answer.command)}`
      : "the bundled server";
    return started(answer, ["-I", "-S", around.bundled], settings, `${why}, on ${spoken(answer.version)}`);
  }
  return nothingUsable(answers, settings);
}

async function* candidates(settings: Settings, around: Surroundings, wantsPackage: boolean): AsyncGenerator<Answer> {
  if (settings.interpreter.length > 0) {
    // What somebody chose is used or complained about; nothing else takes its place in silence.
    yield await around.ask(settings.interpreter, wantsPackage);
    return;
  }
  const selected = await around.selected();
  if (selected !== undefined) {
    yield await around.ask(selected, wantsPackage);
  }
  for (const command of around.onThePath) {
    yield await around.ask(command, wantsPackage);
  }
}

async function ownProgram(
  program: string,
  rest: readonly string[],
  settings: Settings,
  around: Surroundings,
): Promise<Choice> {
  if (/[/\\]/.test(program) && !(await around.exists(program))) {
    return { message: `The setting pipesense.path names ${program}, and there is no such file.`, remedy: "path" };
  }
  return { command: program, args: [...rest, "server", ...settings.args], why: "the program of pipesense.path" };
}

function started(python: Interpreter, program: readonly string[], settings: Settings, why: string): Launch {
  const [command = "", ...before] = python.executable === undefined ? python.command : [python.executable];
  return { command, args: [...before, "-X", "utf8", ...program, "server", ...settings.args], why };
}

function nothingUsable(answers: readonly Answer[], settings: Settings): Problem {
  const needed = "PipeSense needs Python 3.10 or newer to run";
  if (settings.interpreter.length > 0) {
    const [answer] = answers;
    const what = shown(settings.interpreter);
    const why = answer !== undefined && isUsable(answer) ? `it is ${spoken(answer.version)}` : (answer?.why ?? "");
    return {
      message: `${needed}. The setting pipesense.interpreter names ${what}, but ${why}.`,
      remedy: "interpreter",
    };
  }
  const old = answers.find(isUsable);
  if (old !== undefined) {
    const what = `The newest that was found is ${spoken(old.version)} (${shown(old.command)})`;
    return { message: `${needed}. ${what}.`, remedy: "interpreter" };
  }
  return { message: `${needed}, and no Python was found on this machine.`, remedy: "install" };
}

function isServerNewEnough(version: string): boolean {
  const numbers = (text: string): number[] => text.split(".").map((part) => Number.parseInt(part, 10) || 0);
  const [major = 0, minor = 0] = numbers(version);
  const [wantedMajor = 0, wantedMinor = 0] = numbers(OLDEST_SERVER);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

function shown(command: readonly string[]): string {
  return command.join(" ");
}
