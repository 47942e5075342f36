/** Which interpreter is selected in the editor, without waiting for the extensions that know it. */

import type { Store } from "./memory";

export type Command = readonly string[];

export interface Parts {
  /** Asks those extensions, which may take seconds to start; undefined where nothing is selected. */
  readonly ask: () => Promise<Command | undefined>;
  /** What is remembered for this workspace. */
  readonly store: Store;
  /** An interpreter that lies in the workspace is code of the workspace: it is not run before the folder is trusted. */
  readonly isTrusted: () => boolean;
  /** Another interpreter is selected than the one that was told. */
  readonly changed: () => void;
}

const KEY = "pipesense.selected";

export class Selection {
  /** What `now` told last; undefined before it was ever asked. */
  private told: Promise<Command | undefined> | undefined;

  constructor(private readonly parts: Parts) {}

  /** The interpreter that was selected when this workspace was open last; where none is remembered, it is asked for. */
  now(): Promise<Command | undefined> {
    this.told = this.known();
    return this.told;
  }

  /** What is selected may be another one by now. */
  async look(): Promise<void> {
    const selected = await this.parts.ask();
    if (!this.parts.isTrusted()) {
      return;
    }
    const told = this.told;
    const before = await told;
    await this.parts.store.update(KEY, selected);
    if (told !== undefined && JSON.stringify(before) !== JSON.stringify(selected)) {
      this.told = Promise.resolve(selected);
      this.parts.changed();
    }
  }

  private async known(): Promise<Command | undefined> {
    if (!this.parts.isTrusted()) {
      return undefined;
    }
    return (this.parts.store.get(KEY) as Command | null | undefined) ?? (await this.parts.ask());
  }
}
