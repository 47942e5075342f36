/** The settings that say how the server is started. Those about rules go to the server as they are. */

export type ImportStrategy = "useBundled" | "fromEnvironment";
export type Run = "onType" | "onSave";

export interface Settings {
  readonly enable: boolean;
  readonly path: readonly string[];
  readonly args: readonly string[];
  readonly interpreter: readonly string[];
  readonly importStrategy: ImportStrategy;
  readonly run: Run;
}

export interface Variables {
  readonly workspaceFolder: string | undefined;
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Reads a setting by its name below `pipesense.`; undefined where it is not set. */
export type Lookup = (name: string) => unknown;

/** The settings with their variables filled in; a value of a wrong type counts as not set. */
export function readSettings(lookup: Lookup, variables: Variables): Settings {
  const words = (name: string): string[] => list(lookup(name)).map((word) => expand(word, variables));
  return {
    enable: lookup("enable") !== false,
    path: words("path"),
    args: words("args"),
    interpreter: words("interpreter"),
    importStrategy: lookup("importStrategy") === "fromEnvironment" ? "fromEnvironment" : "useBundled",
    run: lookup("run") === "onSave" ? "onSave" : "onType",
  };
}

/** Whether the server has to be started anew; everything else it is told while it runs. */
export function needsRestart(before: Settings, after: Settings): boolean {
  return JSON.stringify(before) !== JSON.stringify(after);
}

/** Fills in `~`, `${workspaceFolder}`, `${userHome}` and `${env:NAME}`; what is unknown stays as it is. */
export function expand(text: string, variables: Variables): string {
  const filled = text.replace(/\$\{(workspaceFolder|userHome|env:([^}]+))\}/g, (whole, name: string, of?: string) => {
    if (name === "workspaceFolder") {
      return variables.workspaceFolder ?? whole;
    }
    return name === "userHome" ? variables.home : (variables.environment[of ?? ""] ?? "");
  });
  return filled.replace(/^~(?=[/\\]|$)/, () => variables.home);
}

function list(value: unknown): string[] {
  const values = Array.isArray(value) ? (value as unknown[]) : [value];
  return values.filter((each): each is string => typeof each === "string" && each.trim() !== "");
}
