import { describe, expect, it } from "vitest";
import { CRASHES, Lifecycle } from "../src/lifecycle";

/** A server that only counts, with a clock that only moves when somebody sleeps. */
function world() {
  const told: string[] = [];
  let now = 0;
  let running = 0;
  let most = 0;
  const tick = (): Promise<void> => new Promise((done) => setImmediate(done));
  const lifecycle = new Lifecycle({
    start: async () => {
      running += 1;
      most = Math.max(most, running);
      await tick();
      told.push("started");
    },
    stop: async () => {
      await tick();
      running = 0;
      told.push("stopped");
    },
    givenUp: (crashes) => told.push(`given up after ${crashes}`),
    waiting: (milliseconds) => told.push(`waiting ${milliseconds}`),
    now: () => now,
    sleep: (milliseconds) => {
      now += milliseconds;
      return Promise.resolve();
    },
  });
  return {
    lifecycle,
    told,
    most: () => most,
    pass: (milliseconds: number) => (now += milliseconds),
    starts: () => told.filter((each) => each === "started").length,
  };
}

describe("the server's life", () => {
  it("starts once", async () => {
    const { lifecycle, told } = world();
    await lifecycle.restart();
    expect(told).toEqual(["stopped", "started"]);
  });

  it("makes one restart of many that are asked for at once", async () => {
    const { lifecycle, starts, most } = world();
    await Promise.all(Array.from({ length: 20 }, () => lifecycle.restart()));
    expect(starts()).toBe(2);
    expect(most()).toBe(1);
  });

  it("restarts again when asked after the queue is empty", async () => {
    const { lifecycle, starts } = world();
    await lifecycle.restart();
    await lifecycle.restart();
    await lifecycle.restart();
    expect(starts()).toBe(3);
  });

  it("comes back after crashes, with growing pauses, and gives up", async () => {
    const { lifecycle, told } = world();
    await lifecycle.restart();
    told.length = 0;
    for (let crash = 0; crash < CRASHES; crash += 1) {
      await lifecycle.crashed();
    }
    expect(told.filter((each) => each !== "stopped")).toEqual([
      ...["waiting 0", "started", "waiting 1000", "started", "waiting 2000", "started", "waiting 4000", "started"],
      "given up after 5",
    ]);
  });

  it("forgets crashes of long ago", async () => {
    const { lifecycle, told, pass } = world();
    await lifecycle.restart();
    for (let crash = 0; crash < 20; crash += 1) {
      pass(60_000);
      await lifecycle.crashed();
    }
    expect(told.some((each) => each.startsWith("given up"))).toBe(false);
  });

  it("starts with a clean slate when somebody asks", async () => {
    const { lifecycle, told } = world();
    for (let crash = 0; crash < CRASHES; crash += 1) {
      await lifecycle.crashed();
    }
    await lifecycle.restart();
    told.length = 0;
    await lifecycle.crashed();
    expect(told).toEqual(["waiting 0", "stopped", "started"]);
  });

  it("does not start a second time after a pause during which somebody restarted", async () => {
    const { lifecycle, starts } = world();
    const crash = lifecycle.crashed();
    await lifecycle.restart();
    await crash;
    expect(starts()).toBe(1);
  });

  it("stays stopped at the end", async () => {
    const { lifecycle, starts } = world();
    await lifecycle.restart();
    await lifecycle.end();
    await lifecycle.crashed();
    await lifecycle.restart();
    expect(starts()).toBe(1);
  });
});
