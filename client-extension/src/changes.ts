/** What an edit makes of texts, without applying it. */

export interface Position {
  readonly line: number;
  readonly character: number;
}

export interface Edit {
  readonly range: { readonly start: Position; readonly end: Position };
  readonly newText: string;
}

/** One file of a workspace edit. */
export interface FileChange {
  readonly uri: string;
  readonly isNew: boolean;
  readonly edits: readonly Edit[];
}

interface DocumentChange {
  readonly kind?: string;
  readonly uri?: string;
  readonly textDocument?: { readonly uri: string };
  readonly edits?: readonly unknown[];
}

/** The files that an edit changes or makes, in its order. */
export function filesOf(edit: {
  readonly documentChanges?: readonly unknown[] | undefined;
  readonly changes?: Readonly<Record<string, readonly Edit[]>> | undefined;
}): FileChange[] {
  const files = new Map<string, { isNew: boolean; edits: Edit[] }>();
  const file = (uri: string): { isNew: boolean; edits: Edit[] } => {
    const known = files.get(uri) ?? { isNew: false, edits: [] };
    files.set(uri, known);
    return known;
  };
  for (const change of (edit.documentChanges ?? []) as readonly DocumentChange[]) {
    if (change.kind === "create" && change.uri !== undefined) {
      file(change.uri).isNew = true;
    } else if (change.textDocument !== undefined) {
      file(change.textDocument.uri).edits.push(...((change.edits ?? []) as readonly Edit[]));
    }
  }
  for (const [uri, edits] of Object.entries(edit.documentChanges === undefined ? (edit.changes ?? {}) : {})) {
    file(uri).edits.push(...edits);
  }
  return [...files].map(([uri, { isNew, edits }]) => ({ uri, isNew, edits }));
}

/** A text with edits in it; their ranges are in lines and UTF-16 units of the text before. */
export function applied(text: string, edits: readonly Edit[]): string {
  const starts = [0];
  for (const end of text.matchAll(/\r\n|\r|\n/g)) {
    starts.push(end.index + end[0].length);
  }
  const offset = ({ line, character }: Position): number =>
    line >= starts.length ? text.length : Math.min((starts[line] ?? 0) + character, starts[line + 1] ?? text.length);
  const placed = edits.map((edit, at) => ({
    at,
    start: offset(edit.range.start),
    end: offset(edit.range.end),
    text: edit.newText,
  }));
  // From behind, so that offsets hold; of two insertions at one place the first stands first.
  placed.sort((a, b) => b.start - a.start || b.at - a.at);
  return placed.reduce((now, edit) => now.slice(0, edit.start) + edit.text + now.slice(edit.end), text);
}
