import { describe, expect, it } from "vitest";
import { choose, isLaunch, type Surroundings } from "../src/choose";
import type { Answer, Version } from "../src/interpreters";
import type { Settings } from "../src/settings";

const SETTINGS: Settings = {
  enable: true,
  path: [],
  args: [],
  interpreter: [],
  importStrategy: "useBundled",
  run: "onType",
};

interface World {
  readonly pythons?: Readonly<Record<string, Version>>;
  readonly installed?: Readonly<Record<string, string>>;
  readonly selected?: string;
  readonly files?: readonly string[];
}

function around(world: World, asked: string[] = []): Surroundings {
  return {
    ask: (command): Promise<Answer> => {
      const name = command.join(" ");
      asked.push(name);
      const version = world.pythons?.[name];
      const installed = world.installed?.[name] ?? null;
      return Promise.resolve(
        version === undefined ? { command, why: "there is no such program" } : { command, version, installed },
      );
    },
    exists: (path) => Promise.resolve(world.files?.includes(path) ?? false),
    selected: () => Promise.resolve(world.selected === undefined ? undefined : [world.selected]),
    onThePath: [["python3"], ["python"]],
    bundled: "/ext/bundled/launch.py",
  };
}

async function launched(settings: Partial<Settings>, world: World): Promise<string> {
  const choice = await choose({ ...SETTINGS, ...settings }, around(world));
  return isLaunch(choice) ? [choice.command, ...choice.args].join(" ") : `! ${choice.message} [${choice.remedy}]`;
}

const BUNDLED = "-X utf8 -I -S /ext/bundled/launch.py server";
const MODULE = "-X utf8 -I -m pipesense server";

describe("which server is started", () => {
  it.each<[string, Partial<Settings>, World, string]>([
    ["python3 of the path", {}, { pythons: { python3: [3, 12] } }, `python3 ${BUNDLED}`],
    [
      "the selected one before it",
      {},
      { pythons: { python3: [3, 12], "/v": [3, 10] }, selected: "/v" },
      `/v ${BUNDLED}`,
    ],
    [
      "not a selected one that is too old",
      {},
      { pythons: { python3: [3, 12], "/v": [3, 9] }, selected: "/v" },
      `python3 ${BUNDLED}`,
    ],
    ["not a selected one that is gone", {}, { pythons: { python: [3, 14] }, selected: "/v" }, `python ${BUNDLED}`],
    [
      "the one of the setting before all",
      { interpreter: ["/own"] },
      { pythons: { "/own": [3, 11], "/v": [3, 12] }, selected: "/v" },
      `/own ${BUNDLED}`,
    ],
    [
      "a launcher with an argument",
      { interpreter: ["py", "-3.12"] },
      { pythons: { "py -3.12": [3, 12] } },
      `py -3.12 ${BUNDLED}`,
    ],
    ["more arguments", { args: ["--tcp", "1"] }, { pythons: { python3: [3, 12] } }, `python3 ${BUNDLED} --tcp 1`],
    [
      "the own program before all",
      { path: ["/opt/pipesense"], interpreter: ["/own"] },
      { files: ["/opt/pipesense"] },
      "/opt/pipesense server",
    ],
    ["the own program from the path, with arguments", { path: ["uvx", "pipesense"] }, {}, "uvx pipesense server"],
    [
      "the package of the environment",
      { importStrategy: "fromEnvironment" },
      { pythons: { "/v": [3, 12] }, installed: { "/v": "0.3.1" }, selected: "/v" },
      `/v ${MODULE}`,
    ],
    [
      "the bundled one where it is not installed",
      { importStrategy: "fromEnvironment" },
      { pythons: { "/v": [3, 12] }, selected: "/v" },
      `/v ${BUNDLED}`,
    ],
    [
      "the bundled one where it is too old",
      { importStrategy: "fromEnvironment" },
      { pythons: { "/v": [3, 12] }, installed: { "/v": "0.0.9" }, selected: "/v" },
      `/v ${BUNDLED}`,
    ],
  ])("%s", async (_, settings, world, expected) => {
    expect(await launched(settings, world)).toBe(expected);
  });

  it.each<[string, Partial<Settings>, World, string]>([
    [
      "no Python",
      {},
      {},
      "! PipeSense needs Python 3.10 or newer to run, and no Python was found on this machine. [install]",
    ],
    [
      "only an old one",
      {},
      { pythons: { python3: [3, 9] } },
      "! PipeSense needs Python 3.10 or newer to run. The newest that was found is Python 3.9 (python3). [interpreter]",
    ],
    [
      "Python 2",
      {},
      { pythons: { python: [2, 7] } },
      "! PipeSense needs Python 3.10 or newer to run. The newest that was found is Python 2.7 (python). [interpreter]",
    ],
    [
      "a broken setting",
      { interpreter: ["/gone"] },
      { pythons: { python3: [3, 12] } },
      "! PipeSense needs Python 3.10 or newer to run. The setting pipesense.interpreter names /gone, but there is no such program. [interpreter]",
    ],
    [
      "an old one in the setting",
      { interpreter: ["/old"] },
      { pythons: { "/old": [3, 8], python3: [3, 12] } },
      "! PipeSense needs Python 3.10 or newer to run. The setting pipesense.interpreter names /old, but it is Python 3.8. [interpreter]",
    ],
    [
      "a broken path",
      { path: ["/gone/pipesense"] },
      { pythons: { python3: [3, 12] } },
      "! The setting pipesense.path names /gone/pipesense, and there is no such file. [path]",
    ],
  ])("with %s there is one message", async (_, settings, world, expected) => {
    expect(await launched(settings, world)).toBe(expected);
  });

  it("starts the interpreter itself, not the version manager's script that finds it", async () => {
    const ask = (command: readonly string[]): Promise<Answer> =>
      Promise.resolve({ command, version: [3, 12], executable: "/versions/3.12/bin/python", installed: null });
    const choice = await choose(SETTINGS, { ...around({}), ask });
    expect(isLaunch(choice) && [choice.command, ...choice.args].join(" ")).toBe(`/versions/3.12/bin/python ${BUNDLED}`);
  });

  it("asks no further interpreter than it needs", async () => {
    const asked: string[] = [];
    await choose(SETTINGS, around({ pythons: { "/v": [3, 12], python3: [3, 12] }, selected: "/v" }, asked));
    expect(asked).toEqual(["/v"]);
  });

  it("says how the choice came about", async () => {
    const world = { pythons: { "/v": [3, 12] as const }, selected: "/v" };
    const choice = await choose({ ...SETTINGS, importStrategy: "fromEnvironment" }, around(world));
    expect(isLaunch(choice) && choice.why).toBe(
      "the bundled server, because pipesense is not installed in /v, on Python 3.12",
    );
  });
});
