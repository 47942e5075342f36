/** When the steps of a start happened: for the log, and for reports of a start that takes too long. */

export type Step = "begun" | "interpreter known" | "server started" | "server answered" | "first findings";

/** The steps of one start of the server. */
export class Timeline {
  private steps: { readonly step: Step; readonly at: number }[] = [];

  /** `now` is in milliseconds since 1970. */
  constructor(private readonly now: () => number) {}

  /** A start begins; the one before it is forgotten. */
  begin(): void {
    this.steps = [];
    this.mark("begun");
  }

  /** Notes that a step has happened; only its first time counts. Whether this was the first time. */
  mark(step: Step): boolean {
    const isFirst = this.steps.every((each) => each.step !== step);
    if (isFirst) {
      this.steps.push({ step, at: this.now() });
    }
    return isFirst;
  }

  /** Each step with the milliseconds since 1970 at which it happened. */
  get told(): Readonly<Partial<Record<Step, number>>> {
    return Object.fromEntries(this.steps.map(({ step, at }) => [step, at]));
  }

  /** For the log: "begun, interpreter known +12 ms, server started +3 ms". */
  toString(): string {
    return this.steps
      .map(({ step, at }, index) => {
        const before = this.steps[index - 1];
        return before === undefined ? step : `${step} +${Math.round(at - before.at)} ms`;
      })
      .join(", ");
  }
}
