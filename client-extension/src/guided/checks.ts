/** "Insert quality checks…": a table, its checks with the reason for each, where they go, the diff. */

import * as vscode from "vscode";
import type { Preview } from "../preview";
import type { CheckAnswer, EditAnswer, PlanAnswer, TableAnswer } from "../protocol";
import type { Server } from "../server";
import { done } from "../walkthrough";
import { nothingChosen, SURENESS } from "./words";

const TITLE = "Insert quality checks";

interface CheckItem extends vscode.QuickPickItem {
  readonly check?: CheckAnswer;
}

export async function insertChecks(server: Server, preview: Preview): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const client = server.client;
  if (editor === undefined || client === undefined) {
    void vscode.window.showWarningMessage(
      client === undefined ? "The PipeSense server is not running." : "Open a file that defines or loads a table.",
    );
    return;
  }
  const uri = editor.document.uri.toString();
  const table = await chosenTable(server, uri, editor.selection.active);
  if (table === undefined) {
    return;
  }
  const plan = await server.ask<PlanAnswer>("pipesense/checkPlan", { uri, table });
  if (plan === undefined) {
    return;
  }
  if (plan.checks.length === 0) {
    const why = [...new Set(plan.leftOut.map((each) => each.why))].join("; ");
    void vscode.window.showInformationMessage(`There is no check to insert for ${table}: ${why}.`);
    return;
  }
  const checks = await chosenChecks(plan);
  if (checks === undefined) {
    return;
  }
  const form = await chosenForm(plan);
  if (form === undefined) {
    return;
  }
  const answer = await server.ask<EditAnswer>("pipesense/insertChecks", { uri, table, form, checks });
  if (answer?.edit == null) {
    void vscode.window.showWarningMessage(answer?.refusal ?? "The checks could not be written; the log says more.");
    return;
  }
  if (await preview.offer(client, answer.edit, `${TITLE} for ${table}`)) {
    done("insertedCheck");
  }
}

async function chosenTable(server: Server, uri: string, at: vscode.Position): Promise<string | undefined> {
  const position = { line: at.line, character: at.character };
  const tables = await server.ask<TableAnswer[]>("pipesense/tables", { uri, position });
  if (tables === undefined) {
    return undefined;
  }
  if (tables.length === 0) {
    void vscode.window.showInformationMessage(
      "This file neither defines nor loads a table. Open one that does, or a DAG whose tasks do.",
    );
    return undefined;
  }
  const [first] = tables;
  if (tables.length === 1 || (first?.here === true && tables.filter((each) => each.here).length === 1)) {
    return first?.name;
  }
  const items = tables.map((each) => ({ label: each.name, description: each.here ? "at the cursor" : "" }));
  return (await vscode.window.showQuickPick(items, { title: TITLE, placeHolder: "For which table?" }))?.label;
}

async function chosenChecks(plan: PlanAnswer): Promise<string[] | undefined> {
  const items: CheckItem[] = [];
  for (const dimension of new Set([...plan.checks, ...plan.leftOut].map((each) => each.dimension))) {
    items.push({ label: dimension, kind: vscode.QuickPickItemKind.Separator });
    items.push(...plan.checks.filter((each) => each.dimension === dimension).map(item));
  }
  const chosen = await vscode.window.showQuickPick(items, {
    title: `${TITLE} for ${plan.table}`,
    placeHolder: "Which checks?",
    canPickMany: true,
    matchOnDetail: true,
    ignoreFocusOut: true,
  });
  const ids = chosen?.flatMap((each) => each.check?.id ?? []);
  if (ids?.length === 0) {
    nothingChosen();
    return undefined;
  }
  return ids;
}

function item(check: CheckAnswer): CheckItem {
  // A guess is shown, but somebody else has to say yes to it.
  return {
    label: check.label,
    description: SURENESS[check.sureness],
    detail: `because ${check.reason}`,
    picked: check.sureness !== "guess",
    check,
  };
}

async function chosenForm(plan: PlanAnswer): Promise<string | undefined> {
  const [only] = plan.forms;
  if (plan.forms.length <= 1) {
    return only?.id;
  }
  const items = plan.forms.map((each, at) => ({
    label: each.title.replace(/^Insert quality checks for \S+ /, ""),
    description: at === 0 ? "what this project uses" : "",
    id: each.id,
  }));
  const title = `${TITLE} for ${plan.table}`;
  return (await vscode.window.showQuickPick(items, { title, placeHolder: "Where?", ignoreFocusOut: true }))?.id;
}
