import { describe, expect, it } from "vitest";
import type { Answer, Ask } from "../src/interpreters";
import { Memory, type Store } from "../src/memory";

/** A machine whose files have stamps, and whose programs answer; what is asked is written down. */
class Machine {
  readonly asked: string[] = [];
  readonly stamps = new Map<string, string>();
  private readonly kept = new Map<string, string>();

  constructor(readonly programs: Record<string, Answer>) {
    for (const [name, answer] of Object.entries(programs)) {
      this.stamps.set(name, "first");
      if ("executable" in answer) {
        this.stamps.set(answer.executable, "first");
      }
    }
  }

  /** A window that was opened anew: only what is stored is still known. */
  window(path = "/usr/bin"): Memory {
    const ask: Ask = (command) => {
      const name = command.join(" ");
      this.asked.push(name);
      const answer = new Map(Object.entries(this.programs)).get(name);
      return Promise.resolve(answer ?? { command, why: "there is no such program" });
    };
    const store: Store = {
      get: (key) => JSON.parse(this.kept.get(key) ?? "null") as unknown,
      update: (key, value) => {
        this.kept.set(key, JSON.stringify(value ?? null));
        return Promise.resolve();
      },
    };
    return new Memory(ask, store, (path) => Promise.resolve(this.stamps.get(path)), path);
  }
}

const SHIM = "/shims/python3";
const REAL = "/versions/3.12/bin/python3.12";
const answer = (name: string, executable?: string): Answer => ({
  command: [name],
  version: [3, 12],
  installed: null,
  ...(executable === undefined ? {} : { executable }),
});

describe("an interpreter that answered", () => {
  it("is not asked again by the next window, and its program itself is known", async () => {
    const machine = new Machine({ [SHIM]: answer(SHIM, REAL) });
    const first = await machine.window().asking([SHIM], false);
    expect(await machine.window().asking([SHIM], false)).toEqual(first);
    expect(first).toMatchObject({ executable: REAL });
    expect(machine.asked).toEqual([SHIM]);
  });

  it.each<[string, (machine: Machine) => void]>([
    ["the program is another one", (machine) => machine.stamps.set(REAL, "second")],
    ["the program is gone", (machine) => machine.stamps.delete(REAL)],
    ["what was named is another one", (machine) => machine.stamps.set(SHIM, "second")],
    ["what was named is gone", (machine) => machine.stamps.delete(SHIM)],
  ])("is asked again when %s", async (_, change) => {
    const machine = new Machine({ [SHIM]: answer(SHIM, REAL) });
    await machine.window().asking([SHIM], false);
    change(machine);
    await machine.window().asking([SHIM], false);
    expect(machine.asked).toEqual([SHIM, SHIM]);
  });

  it("is asked again on another path", async () => {
    const machine = new Machine({ python3: answer("python3", REAL) });
    await machine.window("/usr/bin").asking(["python3"], false);
    await machine.window("/usr/bin").asking(["python3"], false);
    await machine.window("/opt/bin:/usr/bin").asking(["python3"], false);
    expect(machine.asked).toEqual(["python3", "python3"]);
  });

  it("is asked again for its packages: they come and go", async () => {
    const machine = new Machine({ [SHIM]: answer(SHIM, REAL) });
    await machine.window().asking([SHIM], true);
    await machine.window().asking([SHIM], true);
    expect(machine.asked).toEqual([SHIM, SHIM]);
  });

  it("is asked again after a server on it died", async () => {
    const machine = new Machine({ [SHIM]: answer(SHIM, REAL) });
    await machine.window().asking([SHIM], false);
    await machine.window().forget();
    await machine.window().asking([SHIM], false);
    expect(machine.asked).toEqual([SHIM, SHIM]);
  });

  it("is asked again where it did not say what it is", async () => {
    const machine = new Machine({ [SHIM]: answer(SHIM) });
    await machine.window().asking([SHIM], false);
    await machine.window().asking([SHIM], false);
    expect(machine.asked).toEqual([SHIM, SHIM]);
  });
});

describe("an interpreter that is not there", () => {
  it("is looked for each time", async () => {
    const machine = new Machine({});
    await machine.window().asking(["/gone"], false);
    expect(await machine.window().asking(["/gone"], false)).toMatchObject({ why: "there is no such program" });
    expect(machine.asked).toEqual(["/gone", "/gone"]);
  });
});
