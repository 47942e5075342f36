import { describe, expect, it } from "vitest";
import { Timeline } from "../src/timeline";

describe("a timeline", () => {
  it("tells how long each step took, and each step once", () => {
    let now = 1000;
    const line = new Timeline(() => now);
    line.begin();
    now = 1012;
    expect(line.mark("interpreter known")).toBe(true);
    now = 1400;
    expect(line.mark("first findings")).toBe(true);
    now = 9000;
    expect(line.mark("first findings")).toBe(false);
    expect(String(line)).toBe("begun, interpreter known +12 ms, first findings +388 ms");
    expect(line.told).toEqual({ begun: 1000, "interpreter known": 1012, "first findings": 1400 });
  });

  it("begins anew", () => {
    const line = new Timeline(() => 7);
    line.begin();
    line.mark("first findings");
    line.begin();
    expect(line.mark("first findings")).toBe(true);
  });
});
