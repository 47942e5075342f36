/** The steps of the walkthrough are done when they happened, not when somebody clicked on them. */

import * as vscode from "vscode";

/** Contexts that the walkthrough in package.json waits for. */
export type Step = "openedPipeline" | "sawFinding" | "appliedFix" | "insertedCheck";

let times = 0;

export function done(step: Step): void {
  // A walkthrough that is opened later hears of changes only, so the value is a new one each time.
  times += 1;
  void vscode.commands.executeCommand("setContext", `pipesense.${step}`, times);
}

export function trackSteps(context: vscode.ExtensionContext): void {
  const look = (): void => {
    const editor = vscode.window.activeTextEditor;
    if (editor === undefined || !["python", "sql", "jinja-sql"].includes(editor.document.languageId)) {
      return;
    }
    done("openedPipeline");
    if (vscode.languages.getDiagnostics(editor.document.uri).some((each) => each.source === "pipesense")) {
      done("sawFinding");
    }
  };
  context.subscriptions.push(
    vscode.window.onDidChangeActiveTextEditor(look),
    vscode.languages.onDidChangeDiagnostics(look),
  );
  look();
}
