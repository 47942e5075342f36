/** What interpreters answered last time, so that a start need not wait for them again. */

import type { Answer, Ask, Interpreter } from "./interpreters";
import { isUsable } from "./interpreters";

/** What tells that a file is the one that it was: its size and when it was written; undefined where there is none. */
export type Stamp = (path: string) => Promise<string | undefined>;

/** A store of the editor's; vscode.Memento is one. */
export interface Store {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

interface Remembered {
  readonly answer: Interpreter & { readonly executable: string };
  /** Of the program that was asked, and of the interpreter that answered. */
  readonly stamps: readonly (string | undefined)[];
}

const KEY = "pipesense.interpreters";
const MOST = 8;

/**
 * Asks as `ask` does, and next time only whether the interpreter is still the same file.
 *
 * Which interpreter a version manager's script would choose by now is not asked again: any that is new enough runs the
 * bundled server equally well. Whether a package is installed may change at any time, so that is never remembered.
 */
export class Memory {
  constructor(
    private readonly ask: Ask,
    private readonly store: Store,
    private readonly stamp: Stamp,
    /** Where programs without a folder are looked for. */
    private readonly path: string,
  ) {}

  readonly asking: Ask = async (command, wantsPackage) => {
    if (wantsPackage) {
      return this.ask(command, wantsPackage);
    }
    const key = JSON.stringify([command, command[0]?.match(/[/\\]/) ? "" : this.path]);
    const known = this.all().get(key);
    if (known !== undefined && (await this.isSame(known))) {
      return known.answer;
    }
    const answer = await this.ask(command, wantsPackage);
    await this.keep(key, answer);
    return answer;
  };

  /** What was remembered did not work. */
  async forget(): Promise<void> {
    await this.store.update(KEY, undefined);
  }

  private async isSame({ answer, stamps }: Remembered): Promise<boolean> {
    const now = await this.stamps(answer);
    return now[1] !== undefined && JSON.stringify(now) === JSON.stringify(stamps);
  }

  private async keep(key: string, answer: Answer): Promise<void> {
    const all = this.all();
    all.delete(key);
    if (isUsable(answer) && answer.executable !== undefined) {
      const kept = { ...answer, executable: answer.executable };
      all.set(key, { answer: kept, stamps: await this.stamps(kept) });
    }
    await this.store.update(KEY, [...all].slice(-MOST));
  }

  private stamps({ command, executable }: Remembered["answer"]): Promise<(string | undefined)[]> {
    return Promise.all([command[0] ?? "", executable].map((path) => this.stamp(path)));
  }

  private all(): Map<string, Remembered> {
    const kept = this.store.get(KEY);
    return new Map(Array.isArray(kept) ? (kept as [string, Remembered][]) : []);
  }
}
