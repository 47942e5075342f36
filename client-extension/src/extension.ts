/** The extension's start: one client, one server, all folders. */

import { stat } from "node:fs/promises";
import * as vscode from "vscode";
import { pageText, registerCommands } from "./commands";
import { selectedInterpreter, watchInterpreter } from "./environments";
import { Findings } from "./findings";
import { Folders } from "./folders";
import { pageOf } from "./hovers";
import { Large } from "./large";
import { Pages } from "./pages";
import type { StatusAnswer } from "./protocol";
import { Selection } from "./selection";
import { needsRestart } from "./settings";
import { currentSettings, DOCUMENTS, Server } from "./server";
import { Status } from "./status";
import { TYPE, Tasks } from "./tasks";
import { trackSteps } from "./walkthrough";

let server: Server | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const begun = performance.now();
  const log = vscode.window.createOutputChannel("PipeSense", { log: true });
  const messages = vscode.window.createOutputChannel("PipeSense Server", { log: true });
  const large = new Large(context.workspaceState);
  const status = new Status(DOCUMENTS, async (uri) => {
    const answer = await running.ask<StatusAnswer>("pipesense/status", { uri });
    if (answer !== undefined) {
      large.look(answer);
    }
    return answer;
  });
  const selection = new Selection({
    ask: () => selectedInterpreter(vscode.workspace.workspaceFolders?.[0]?.uri),
    store: context.workspaceState,
    isTrusted: () => vscode.workspace.isTrusted,
    changed: () => {
      const { path, interpreter } = currentSettings();
      // Someone who chose an interpreter for PipeSense alone is not concerned.
      if (path.length === 0 && interpreter.length === 0) {
        void running.lifecycle.restart();
      }
    },
  });
  const running = new Server(
    context,
    log,
    messages,
    (shown) => {
      status.set(shown);
    },
    (working) => {
      status.busy(working);
    },
    selection,
  );
  server = running;
  void running.lifecycle.restart();
  const pages = new Pages("pipesense", (path) => pageText(running, pageOf(path)));
  context.subscriptions.push(log, messages, status, running, pages, new Findings());
  context.subscriptions.push(vscode.tasks.registerTaskProvider(TYPE, new Tasks(() => running.launch)));
  const folders = new Folders({
    exists: (uri) => stat(uri.fsPath).then(Boolean, () => false),
    forget: (uri) => {
      running.forget(uri);
    },
    restart: () => void running.lifecycle.restart(),
  });
  context.subscriptions.push(folders);
  registerCommands(context, running, pages, log);
  trackSteps(context);
  restartWhenNeeded(context, running);
  void watchInterpreter(() => selection.look()).then((listener) => context.subscriptions.push(listener));
  log.info(`Activated in ${Math.round(performance.now() - begun)} ms.`);
}

export async function deactivate(): Promise<void> {
  await server?.lifecycle.end();
}

function restartWhenNeeded(context: vscode.ExtensionContext, running: Server): void {
  let settings = currentSettings();
  const look = (): void => {
    const now = currentSettings();
    if (needsRestart(settings, now)) {
      settings = now;
      void running.lifecycle.restart();
    }
  };
  context.subscriptions.push(
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("pipesense")) {
        look();
      }
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void running.lifecycle.restart()),
  );
}
