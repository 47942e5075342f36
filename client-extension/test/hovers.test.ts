import { describe, expect, it } from "vitest";
import { pageOf, withoutRepeats, withPages } from "../src/hovers";

const TOLD = [{ rule: "correctness/equals-null", message: "x = NULL is never true. Write x IS NULL." }];
const HEAD = "**correctness/equals-null** · error\n\nx = NULL is never true. Write x IS NULL.";

describe("a hover beside the finding's own message", () => {
  it.each([
    ["says the rest", `${HEAD}\n\n*A value is compared.*\n\nWhy.`, "*A value is compared.*\n\nWhy."],
    ["keeps what stands before and behind", `**Column x**\n\n---\n\n${HEAD}\n\n*A.*`, "**Column x**\n\n---\n\n*A.*"],
    ["is not made empty", HEAD, HEAD],
    ["keeps a head with nothing behind it", `${HEAD}\n\n---\n\n**Column x**`, `${HEAD}\n\n---\n\n**Column x**`],
    ["keeps other findings", HEAD.replace("equals-null", "other"), HEAD.replace("equals-null", "other")],
    ["keeps another wording", `${HEAD}!\n\n*A.*`, `${HEAD}!\n\n*A.*`],
    ["of something else is left alone", "**Column x**", "**Column x**"],
  ])("%s", (_, markdown, expected) => {
    expect(withoutRepeats(markdown, TOLD)).toBe(expected);
  });
});

describe("the way from a hover to pages", () => {
  it.each([
    ["of one rule", ["correctness/equals-null"], ["correctness/equals-null"]],
    ["of each rule once", ["a/b", "c/d", "a/b"], ["a/b", "c/d"]],
  ])("%s", (_, rules, expected) => {
    const links = [...withPages("Why.", rules).matchAll(/\[All about (\S+)\]\(command:pipesense\.showPage\?(\S+)\)/g)];
    expect(links.map(([, rule]) => rule)).toEqual(expected);
    expect(links.map(([, , given]) => JSON.parse(decodeURIComponent(given ?? "")) as unknown)).toEqual(
      expected.map((rule) => [rule]),
    );
  });

  it("is not there without a finding", () => {
    expect(withPages("**Column x**", [])).toBe("**Column x**");
  });

  it.each([
    ["/patterns/idempotent-load.md", "idempotent-load"],
    ["/idempotent-load.md", "idempotent-load"],
    ["/correctness/equals-null.md", "correctness/equals-null"],
    ["/correctness/equals_null.md", "correctness/equals-null"],
  ])("%s is the page %s", (path, name) => {
    expect(pageOf(path)).toBe(name);
  });
});
