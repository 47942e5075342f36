/** `pipesense check` as a task, with the server that the editor runs. */

import * as vscode from "vscode";
import type { Launch } from "./choose";

export const TYPE = "pipesense";

interface Definition extends vscode.TaskDefinition {
  readonly paths?: readonly string[];
  readonly args?: readonly string[];
}

export class Tasks implements vscode.TaskProvider {
  constructor(private readonly launch: () => Launch | undefined) {}

  provideTasks(): vscode.Task[] {
    return (vscode.workspace.workspaceFolders ?? []).flatMap((folder) => this.task({ type: TYPE }, folder) ?? []);
  }

  resolveTask(task: vscode.Task): vscode.Task | undefined {
    const scope = typeof task.scope === "object" ? task.scope : vscode.workspace.workspaceFolders?.[0];
    return scope === undefined ? undefined : this.task(task.definition, scope);
  }

  private task(definition: Definition, folder: vscode.WorkspaceFolder): vscode.Task | undefined {
    const launch = this.launch();
    if (launch === undefined) {
      return undefined;
    }
    const words = ["check", ...(definition.args ?? []), ...(definition.paths ?? ["."])];
    const execution = new vscode.ProcessExecution(launch.command, checkArguments(launch, words), {
      cwd: folder.uri.fsPath,
      // A finding's first line is one line for the problem matcher, however narrow the terminal is.
      env: { COLUMNS: "10000" },
    });
    const task = new vscode.Task(definition, folder, "check workspace", "PipeSense", execution, "$pipesense");
    task.group = vscode.TaskGroup.Test;
    task.detail = "Check all pipelines of the folder";
    return task;
  }
}

/** The program's arguments up to `server`, then what it shall do instead. */
export function checkArguments(launch: Pick<Launch, "args">, words: readonly string[]): string[] {
  return [...launch.args.slice(0, launch.args.lastIndexOf("server")), ...words];
}
