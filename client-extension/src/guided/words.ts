import * as vscode from "vscode";

/** How sure a proposal is, as people read it. */
export const SURENESS = { declared: "sure", likely: "likely", guess: "a guess" } as const;

export function nothingChosen(): void {
  void vscode.window.showInformationMessage("Nothing was chosen, so nothing was changed.");
}
