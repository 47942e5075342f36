/** What a report of a problem should say. Nothing is sent anywhere: it is put on the clipboard. */

import { release } from "node:os";
import * as vscode from "vscode";
import type { StatusAnswer } from "./protocol";
import { currentSettings, type Server } from "./server";

export async function copyDebugInfo(context: vscode.ExtensionContext, server: Server): Promise<void> {
  const uri = vscode.window.activeTextEditor?.document.uri.toString() ?? null;
  const status = await server.ask<StatusAnswer>("pipesense/status", { uri });
  const extension = context.extension.packageJSON as { version: string };
  const info = {
    extension: extension.version,
    editor: `${vscode.env.appName} ${vscode.version}`,
    system: `${process.platform} ${process.arch} ${release()}`,
    remote: vscode.env.remoteName ?? null,
    trusted: vscode.workspace.isTrusted,
    folders: vscode.workspace.workspaceFolders?.length ?? 0,
    settings: currentSettings(),
    server: server.launch ?? null,
    running: server.client !== undefined,
    start: server.timeline.told,
    status: status ?? null,
    lastWords: server.lastWords,
  };
  await vscode.env.clipboard.writeText(`\`\`\`json\n${JSON.stringify(info, null, 2)}\n\`\`\`\n`);
  void vscode.window.showInformationMessage("What PipeSense knows about itself is on the clipboard.");
}
