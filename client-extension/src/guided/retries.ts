/** "Insert retry config…": a task or all of them, how often and after which pause, the diff. */

import * as vscode from "vscode";
import type { Preview } from "../preview";
import type { EditAnswer, TaskAnswer } from "../protocol";
import type { Server } from "../server";

const TITLE = "Insert retry config";

interface Policy {
  readonly attempts: number;
  readonly delayMinutes: number;
}

export async function insertRetries(server: Server, preview: Preview): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const client = server.client;
  if (editor === undefined || client === undefined) {
    void vscode.window.showWarningMessage(
      client === undefined ? "The PipeSense server is not running." : "Open a file with a pipeline.",
    );
    return;
  }
  const uri = editor.document.uri.toString();
  const tasks = await server.ask<TaskAnswer[]>("pipesense/tasks", { uri });
  if (tasks === undefined) {
    return;
  }
  if (tasks.length === 0) {
    void vscode.window.showInformationMessage("There is no pipeline in this file whose tasks could be read.");
    return;
  }
  const target = await chosenTask(tasks, editor.selection.active.line);
  const policy = target === undefined ? undefined : await chosenPolicy(target);
  if (target === undefined || policy === undefined) {
    return;
  }
  const answer = await server.ask<EditAnswer>("pipesense/setRetries", { uri, target: target.id, ...policy });
  if (answer?.edit == null) {
    void vscode.window.showWarningMessage(answer?.refusal ?? "The retries could not be written; the log says more.");
    return;
  }
  await preview.offer(client, answer.edit, `${TITLE} for ${target.task ?? target.pipeline}`);
}

async function chosenTask(tasks: readonly TaskAnswer[], line: number): Promise<TaskAnswer | undefined> {
  const items = tasks.map((task) => ({
    label: task.task === null ? `$(symbol-class) All tasks of ${task.pipeline}` : `$(symbol-method) ${task.task}`,
    description: task.range?.start.line === line ? `${task.kind}, at the cursor` : task.kind,
    detail: `${task.now}; ${task.reason}`,
    task,
  }));
  const open = items.filter(({ task }) => task.lacking);
  const others = items.filter(({ task }) => !task.lacking);
  const heading = (label: string): vscode.QuickPickItem => ({ label, kind: vscode.QuickPickItemKind.Separator });
  const shown = [
    ...(open.length > 0 ? [heading("not repeated"), ...open] : []),
    ...(others.length > 0 ? [heading("repeated, or better left alone"), ...others] : []),
  ];
  const options = { title: TITLE, placeHolder: "For which task?", matchOnDetail: true };
  const chosen = await vscode.window.showQuickPick<vscode.QuickPickItem & { task?: TaskAnswer }>(shown, options);
  return chosen?.task;
}

async function chosenPolicy(target: TaskAnswer): Promise<Policy | undefined> {
  const ready: (vscode.QuickPickItem & { policy?: Policy })[] = [
    {
      label: "3 retries, from 5 minutes on",
      detail: "Outlives a restart of a database: the pauses are about 5, 10 and 20 minutes",
      policy: { attempts: 3, delayMinutes: 5 },
    },
    {
      label: "5 retries, from 1 minute on",
      detail: "For services that fail often and briefly: the pauses are about 1, 2, 4, 8 and 16 minutes",
      policy: { attempts: 5, delayMinutes: 1 },
    },
    {
      label: "2 retries, from 15 minutes on",
      detail: "For what is slow to come back or dear to repeat: the pauses are about 15 and 30 minutes",
      policy: { attempts: 2, delayMinutes: 15 },
    },
    { label: "Other numbers…" },
  ];
  const title = `${TITLE} for ${target.task ?? target.pipeline}`;
  const placeHolder = target.careful ? target.reason : "How often, with a pause that doubles each time?";
  const chosen = await vscode.window.showQuickPick(ready, { title, placeHolder, ignoreFocusOut: true });
  if (chosen === undefined || chosen.policy !== undefined) {
    return chosen?.policy;
  }
  const attempts = await number(title, "How many retries?", "3", 100);
  const delayMinutes =
    attempts === undefined ? undefined : await number(title, "The first pause, in minutes?", "5", 1440);
  return attempts === undefined || delayMinutes === undefined ? undefined : { attempts, delayMinutes };
}

async function number(title: string, prompt: string, value: string, most: number): Promise<number | undefined> {
  const given = await vscode.window.showInputBox({
    title,
    prompt,
    value,
    ignoreFocusOut: true,
    validateInput: (text) =>
      /^\d{1,4}$/.test(text.trim()) && Number(text) >= 1 && Number(text) <= most
        ? undefined
        : `A whole number from 1 to ${most}.`,
  });
  return given === undefined ? undefined : Number(given);
}
