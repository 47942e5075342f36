/** The steps of the walkthrough are done when they happened, not when somebody clicked on them. */

import * as vscode from "vscode";

/** Contexts that the walkthrough in package.json waits for. */
export type Step = "openedPipeline" | "sawFinding" | "appliedFix" | "insertedCheck";

/** VS Code needs a moment to get its welcome page ready to listen. */
const READY_MS = 1_000;

const happened = new Set<Step>();
let isShown = false;

export function done(step: Step): void {
  happened.add(step);
  if (isShown) {
    void tell(step);
  }
}

/**
 * A walkthrough ticks a step when its context comes to hold. A context that held before the walkthrough was first shown
 * never ticks it (seen in VS Code 1.139), so nothing is told before, and it holds for a moment only.
 */
async function tell(step: Step): Promise<void> {
  await vscode.commands.executeCommand("setContext", `pipesense.${step}`, true);
  await vscode.commands.executeCommand("setContext", `pipesense.${step}`, false);
}

export function trackSteps(context: vscode.ExtensionContext): void {
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    const editor = vscode.window.activeTextEditor;
    if (editor !== undefined && ["python", "sql", "jinja-sql"].includes(editor.document.languageId)) {
      done("openedPipeline");
      if (vscode.languages.getDiagnostics(editor.document.uri).some((each) => each.source === "pipesense")) {
        done("sawFinding");
      }
    }
  };
  const welcome = (): void => {
    const tab = vscode.window.tabGroups.activeTabGroup.activeTab;
    // The welcome page is one of those tabs of which extensions are told nothing.
    if (tab !== undefined && tab.input === undefined) {
      clearTimeout(timer);
      timer = setTimeout(() => {
        isShown = true;
        happened.forEach((step) => void tell(step));
      }, READY_MS);
    }
  };
  context.subscriptions.push(
    vscode.window.onDidChangeActiveTextEditor(look),
    vscode.languages.onDidChangeDiagnostics(look),
    vscode.window.tabGroups.onDidChangeTabs(welcome),
    new vscode.Disposable(() => {
      clearTimeout(timer);
    }),
  );
  look();
  welcome();
}
