import { describe, expect, it } from "vitest";
import { applied, type Edit, filesOf } from "../src/changes";

const edit = (from: [number, number], to: [number, number], newText: string): Edit => ({
  range: { start: { line: from[0], character: from[1] }, end: { line: to[0], character: to[1] } },
  newText,
});

describe("a text with edits in it", () => {
  it.each<[string, string, Edit[], string]>([
    ["nothing", "a\nb", [], "a\nb"],
    ["a replacement", "a = NULL", [edit([0, 2], [0, 8], "IS NULL")], "a IS NULL"],
    ["several, in any order", "ab\ncd\n", [edit([0, 1], [0, 1], "X"), edit([1, 0], [1, 2], "Y")], "aXb\nY\n"],
    ["two at one place", "ab", [edit([0, 1], [0, 1], "1"), edit([0, 1], [0, 1], "2")], "a12b"],
    ["UTF-16 units", "😀 = NULL", [edit([0, 3], [0, 4], "IS")], "😀 IS NULL"],
    ["CRLF and CR", "a\r\nb\rc", [edit([1, 0], [1, 1], "B"), edit([2, 0], [2, 1], "C")], "a\r\nB\rC"],
    ["behind the last line", "a", [edit([7, 0], [7, 0], "!")], "a!"],
    ["behind a line's end", "ab\nc", [edit([0, 99], [0, 99], "")], "ab\nc"],
    ["a new file", "", [edit([0, 0], [0, 0], "x\n")], "x\n"],
  ])("%s", (_, text, edits, expected) => {
    expect(applied(text, edits)).toBe(expected);
  });
});

describe("the files of an edit", () => {
  const change = edit([0, 0], [0, 0], "x");

  it("tells new files from changed ones", () => {
    const documentChanges = [
      { kind: "create", uri: "file:///new" },
      { textDocument: { uri: "file:///new", version: null }, edits: [change] },
      { textDocument: { uri: "file:///old", version: 3 }, edits: [change, change] },
    ];
    expect(filesOf({ documentChanges })).toEqual([
      { uri: "file:///new", isNew: true, edits: [change] },
      { uri: "file:///old", isNew: false, edits: [change, change] },
    ]);
  });

  it("reads the plain form too", () => {
    expect(filesOf({ changes: { "file:///a": [change] } })).toEqual([
      { uri: "file:///a", isNew: false, edits: [change] },
    ]);
  });
});
