/** An edit is shown as a diff first; then it is applied as one step, or not at all. */

import * as vscode from "vscode";
import type { LanguageClient, WorkspaceEdit } from "vscode-languageclient/node";
import { applied, filesOf } from "./changes";
import { Pages } from "./pages";
import { counted } from "./words";

const SCHEME = "pipesense-preview";

export class Preview implements vscode.Disposable {
  private readonly pages = new Pages(SCHEME);

  dispose(): void {
    this.pages.dispose();
  }

  /** Shows what an edit would do, asks, and applies it if people say so; whether it was applied. */
  async offer(client: LanguageClient, edit: WorkspaceEdit, title: string): Promise<boolean> {
    const shown = await this.show(edit, title);
    let done = false;
    try {
      if (!(await this.confirmed(title, shown.length))) {
        return false;
      }
      done = await vscode.workspace.applyEdit(await client.protocol2CodeConverter.asWorkspaceEdit(edit));
      if (!done) {
        void vscode.window.showWarningMessage("The edit could not be applied: a file has changed meanwhile.");
      }
      return done;
    } finally {
      await this.close();
      const [first] = shown;
      if (done && first !== undefined) {
        await vscode.window.showTextDocument(first.uri);
      }
      shown.forEach(({ before, after }) => {
        this.pages.drop(before);
        this.pages.drop(after);
      });
    }
  }

  private async show(
    edit: WorkspaceEdit,
    title: string,
  ): Promise<{ uri: vscode.Uri; before: vscode.Uri; after: vscode.Uri }[]> {
    const files = filesOf(edit);
    const pairs = await Promise.all(
      files.map(async ({ uri: name, isNew, edits }) => {
        const uri = vscode.Uri.parse(name);
        const text = isNew ? "" : (await vscode.workspace.openTextDocument(uri)).getText();
        return {
          uri,
          before: this.pages.put(`/before${uri.path}`, text),
          after: this.pages.put(`/after${uri.path}`, applied(text, edits)),
        };
      }),
    );
    const [only] = pairs;
    if (pairs.length === 1 && only !== undefined) {
      const name = vscode.workspace.asRelativePath(only.uri);
      await vscode.commands.executeCommand("vscode.diff", only.before, only.after, `${title}: ${name}`, {
        preview: true,
      });
    } else {
      const resources = pairs.map(({ uri, before, after }) => [uri, before, after]);
      await vscode.commands.executeCommand("vscode.changes", title, resources);
    }
    return pairs;
  }

  private async confirmed(title: string, files: number): Promise<boolean> {
    const apply: vscode.QuickPickItem = {
      label: "$(check) Apply",
      detail: `Change ${counted(files, "file")} as shown; one undo takes it back`,
    };
    const cancel: vscode.QuickPickItem = { label: "$(close) Cancel", detail: "Change nothing" };
    const chosen = await vscode.window.showQuickPick([apply, cancel], {
      title,
      placeHolder: "The diff below shows what would change",
      ignoreFocusOut: true,
    });
    return chosen === apply;
  }

  /** Closes the tabs that show previews. */
  private async close(): Promise<void> {
    const ours = vscode.window.tabGroups.all
      .flatMap((group) => group.tabs)
      .filter(({ input }) => {
        if (input instanceof vscode.TabInputTextDiff) {
          return input.modified.scheme === SCHEME;
        }
        const many = input as { textDiffs?: readonly vscode.TabInputTextDiff[] } | undefined;
        return many?.textDiffs?.some((each) => each.modified.scheme === SCHEME) ?? false;
      });
    await vscode.window.tabGroups.close(ours);
  }
}
