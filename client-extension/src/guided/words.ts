import * as vscode from "vscode";

/** Where a proposal comes from, as people read it. */
export const SURENESS = { declared: "declared", likely: "likely", guess: "a guess" } as const;

export function nothingChosen(): void {
  void vscode.window.showInformationMessage("Nothing was chosen, so nothing was changed.");
}
