/** A workspace that takes minutes to read: said once, with the way to read less of it. */

import * as vscode from "vscode";
import type { StatusAnswer } from "./protocol";

/** Files that are still to be read from which on people are told. */
export const MANY = 20_000;

const QUIET = "pipesense.largeIsFine";

export class Large {
  private told = false;

  constructor(private readonly state: vscode.Memento) {}

  look(status: Pick<StatusAnswer, "pending">): void {
    if (this.told || status.pending < MANY || this.state.get(QUIET) === true) {
      return;
    }
    this.told = true;
    void this.tell(status.pending);
  }

  private async tell(pending: number): Promise<void> {
    const [exclude, fine] = ["Exclude Folders", "Read Them All"];
    const chosen = await vscode.window.showInformationMessage(
      `PipeSense has ${pending} files of this workspace to read. Open files are checked at once; the findings of the others come by and by. Folders that hold no pipelines can be left out.`,
      exclude,
      fine,
    );
    if (chosen === exclude) {
      await vscode.commands.executeCommand("workbench.action.openWorkspaceSettings", { query: "pipesense.exclude" });
    } else if (chosen === fine) {
      await this.state.update(QUIET, true);
    }
  }
}
