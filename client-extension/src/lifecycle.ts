/** One server at a time: starts follow each other, and one that keeps dying is left alone after a while. */

export const CRASHES = 5;
export const WITHIN_MS = 180_000;

/** How long to wait before the next start, by the number of crashes so far. */
export const PAUSES_MS: readonly number[] = [0, 1_000, 2_000, 4_000];

export interface Parts {
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
  /** The server died too often; nothing is started until somebody asks for it. */
  readonly givenUp: (crashes: number) => void;
  readonly waiting: (milliseconds: number) => void;
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

export class Lifecycle {
  private running: Promise<void> | undefined;
  private queued: Promise<void> | undefined;
  private crashes: number[] = [];
  private ended = false;
  /** Counts what people ask for; a pause that was waited for before it is then of no more interest. */
  private asked = 0;

  constructor(private readonly parts: Parts) {}

  /** Starts the server anew. While that is under way, all further calls become one more restart. */
  restart(): Promise<void> {
    this.asked += 1;
    this.crashes = [];
    return this.enqueue();
  }

  /** The server is gone without having been asked to go. */
  async crashed(): Promise<void> {
    if (this.ended) {
      return;
    }
    const now = this.parts.now();
    this.crashes = [...this.crashes.filter((at) => now - at < WITHIN_MS), now];
    if (this.crashes.length >= CRASHES) {
      this.parts.givenUp(this.crashes.length);
      return;
    }
    const pause = PAUSES_MS[this.crashes.length - 1] ?? 0;
    const asked = this.asked;
    this.parts.waiting(pause);
    await this.parts.sleep(pause);
    if (asked === this.asked) {
      await this.enqueue();
    }
  }

  /** Stops the server for good. */
  async end(): Promise<void> {
    this.ended = true;
    await this.running;
    await this.parts.stop();
  }

  private enqueue(): Promise<void> {
    if (this.running === undefined) {
      this.running = this.once().finally(() => (this.running = undefined));
      return this.running;
    }
    this.queued ??= this.running.then(() => {
      this.queued = undefined;
      return this.enqueue();
    });
    return this.queued;
  }

  private async once(): Promise<void> {
    await this.parts.stop();
    if (!this.ended) {
      await this.parts.start();
    }
  }
}
