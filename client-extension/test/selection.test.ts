import { describe, expect, it } from "vitest";
import { type Command, Selection } from "../src/selection";

/** A window on a workspace: what is selected in it, how long that takes to be known, what is remembered. */
class World {
  selected: Command | undefined;
  isTrusted = true;
  changes = 0;
  asked = 0;
  readonly kept = new Map<string, unknown>();
  /** Until it is resolved, the extension that knows the selection is still starting. */
  ready: Promise<void> = Promise.resolve();

  window(): Selection {
    return new Selection({
      ask: async () => {
        this.asked += 1;
        await this.ready;
        return this.selected;
      },
      store: {
        get: (key) => this.kept.get(key),
        update: (key, value) => {
          this.kept.set(key, value);
          return Promise.resolve();
        },
      },
      isTrusted: () => this.isTrusted,
      changed: () => {
        this.changes += 1;
      },
    });
  }

  /** The extension that knows the selection does not answer from now on. */
  slow(): void {
    this.ready = new Promise(() => undefined);
  }
}

const OLD = ["/old/bin/python"];
const NEW = ["/new/bin/python"];

async function openedBefore(selected: Command | undefined): Promise<World> {
  const world = new World();
  world.selected = selected;
  const window = world.window();
  await window.now();
  await window.look();
  return world;
}

describe("the selected interpreter", () => {
  it("is waited for the first time, and is no change then", async () => {
    const world = new World();
    world.selected = OLD;
    const window = world.window();
    const looking = window.look();
    expect(await window.now()).toEqual(OLD);
    await looking;
    expect(world.changes).toBe(0);
  });

  it("is known at once the next time, while the extension that knows it still starts", async () => {
    const world = await openedBefore(OLD);
    world.slow();
    expect(await world.window().now()).toEqual(OLD);
  });

  it("that is another one by now is told when that is known, once", async () => {
    const world = await openedBefore(OLD);
    world.selected = NEW;
    const window = world.window();
    expect(await window.now()).toEqual(OLD);
    await window.look();
    await window.look();
    expect(world.changes).toBe(1);
    expect(await window.now()).toEqual(NEW);
  });

  it("that is none any more is forgotten", async () => {
    const world = await openedBefore(OLD);
    world.selected = undefined;
    const window = world.window();
    await window.now();
    await window.look();
    expect(world.changes).toBe(1);
    expect(await window.now()).toBe(undefined);
  });

  it("is not used before the workspace is trusted, remembered or not", async () => {
    const world = await openedBefore(OLD);
    world.isTrusted = false;
    const window = world.window();
    expect(await window.now()).toBe(undefined);
    await window.look();
    expect(world.changes).toBe(0);
    world.isTrusted = true;
    expect(await window.now()).toEqual(OLD);
  });

  it("is no change for a server that never asked for it", async () => {
    const world = new World();
    world.selected = OLD;
    await world.window().look();
    expect(world.changes).toBe(0);
  });
});
