import { describe, expect, it } from "vitest";
import { type Found, grouped } from "../src/grouping";

const found = (rule: string, severity: number, uri: string, line: number): Found => ({
  rule,
  severity,
  uri,
  line,
  character: 0,
  message: "",
});

describe("findings by concern", () => {
  it("puts data quality first and the worst rules of a concern before the others", () => {
    const tree = grouped([
      found("upgrade/removed-import", 0, "b", 1),
      found("reliability/no-timeout", 2, "a", 1),
      found("reliability/no-retries", 1, "a", 9),
      found("reliability/no-retries", 1, "a", 2),
      found("correctness/equals-null", 0, "c", 1),
      found("own/rule", 0, "c", 1),
      found("", 2, "c", 1),
    ]);
    const told = tree.map(({ name, count, rules }) => [name, count, rules.map((rule) => rule.name)]);
    expect(told).toEqual([
      ["correctness", 1, ["correctness/equals-null"]],
      ["reliability", 3, ["reliability/no-retries", "reliability/no-timeout"]],
      ["upgrade", 1, ["upgrade/removed-import"]],
      ["other", 1, [""]],
      ["own", 1, ["own/rule"]],
    ]);
    expect(tree[1]?.rules[0]?.places.map((place) => place.line)).toEqual([2, 9]);
  });

  it("is empty without findings", () => {
    expect(grouped([])).toEqual([]);
  });
});
