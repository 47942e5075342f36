/** A folder that goes away while it is open: said once, with what can be done about it. */

import * as vscode from "vscode";

export interface Parts {
  /** Whether a folder is there. */
  readonly exists: (uri: vscode.Uri) => Promise<boolean>;
  /** The server shall forget what lies below it. */
  readonly forget: (uri: vscode.Uri) => void;
  /** It is there again: everything is read anew. */
  readonly restart: () => void;
}

/** Nobody tells reliably that a watched folder itself is gone; asking for a few folders costs next to nothing. */
const PAUSE_MS = 5_000;

export class Folders implements vscode.Disposable {
  private readonly gone = new Set<string>();
  private readonly listener: vscode.Disposable;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly parts: Parts) {
    this.listener = vscode.window.onDidChangeWindowState((state) => {
      if (state.focused) {
        void this.look();
      }
    });
    this.timer = setInterval(() => void this.look(), PAUSE_MS);
  }

  dispose(): void {
    clearInterval(this.timer);
    this.listener.dispose();
  }

  private async look(): Promise<void> {
    for (const folder of onDisk()) {
      const key = folder.uri.toString();
      const isThere = await this.parts.exists(folder.uri);
      if (isThere && this.gone.delete(key)) {
        this.parts.restart();
      } else if (!isThere && !this.gone.has(key)) {
        this.gone.add(key);
        this.parts.forget(folder.uri);
        void this.tell(folder);
      }
    }
  }

  private async tell(folder: vscode.WorkspaceFolder): Promise<void> {
    const [remove, again] = [onDisk().length > 1 ? "Remove from Workspace" : "Close Folder", "Look Again"];
    const chosen = await vscode.window.showWarningMessage(
      `The folder ${folder.uri.fsPath} is not there any more, so PipeSense checks nothing of it.`,
      remove,
      again,
    );
    if (chosen === again) {
      const isThere = await this.parts.exists(folder.uri);
      // Where it is not, it is told again.
      this.gone.delete(folder.uri.toString());
      if (isThere) {
        this.parts.restart();
      } else {
        await this.look();
      }
    } else if (chosen === remove) {
      const at = vscode.workspace.workspaceFolders?.findIndex((each) => each.uri.toString() === folder.uri.toString());
      if (onDisk().length > 1 && at !== undefined && at >= 0) {
        vscode.workspace.updateWorkspaceFolders(at, 1);
      } else {
        await vscode.commands.executeCommand("workbench.action.closeFolder");
      }
    }
  }
}

function onDisk(): readonly vscode.WorkspaceFolder[] {
  return (vscode.workspace.workspaceFolders ?? []).filter((each) => each.uri.scheme === "file");
}
