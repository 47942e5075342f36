/** The commands of the command palette. */

import * as vscode from "vscode";
import { createConfiguration } from "./configuration";
import { copyDebugInfo } from "./debugInfo";
import { ruleOf } from "./findings";
import { insertChecks } from "./guided/checks";
import { insertRetries } from "./guided/retries";
import type { Pages } from "./pages";
import { Preview } from "./preview";
import type { PageAnswer, RuleAnswer } from "./protocol";
import type { Server } from "./server";
import { done } from "./walkthrough";

const FIX_ALL = "source.fixAll.pipesense";

export function registerCommands(
  context: vscode.ExtensionContext,
  server: Server,
  pages: Pages,
  log: vscode.LogOutputChannel,
): void {
  const preview = new Preview();
  context.subscriptions.push(preview);
  const commands: Record<string, (...given: never[]) => unknown> = {
    restart: () => server.lifecycle.restart(),
    showLogs: () => {
      log.show();
    },
    fixAll: () => vscode.commands.executeCommand("editor.action.codeAction", { kind: FIX_ALL, apply: "first" }),
    explainRule: (given?: unknown) => explainRule(server, pages, given),
    showPage: (name: string) => showPage(server, pages, name),
    insertChecks: () => insertChecks(server, preview),
    insertRetries: () => insertRetries(server, preview),
    createConfiguration,
    copyDebugInfo: () => copyDebugInfo(context, server),
    fixApplied: () => {
      done("appliedFix");
    },
  };
  for (const [name, run] of Object.entries(commands)) {
    context.subscriptions.push(vscode.commands.registerCommand(`pipesense.${name}`, run));
  }
}

async function explainRule(server: Server, pages: Pages, given: unknown): Promise<void> {
  if (typeof given === "object" && given !== null && "name" in given && typeof given.name === "string") {
    await showPage(server, pages, given.name);
    return;
  }
  const rules = await server.ask<RuleAnswer[]>("pipesense/rules", {});
  if (rules === undefined) {
    void vscode.window.showWarningMessage("The PipeSense server is not running, so its rules cannot be listed.");
    return;
  }
  const here = new Set(rulesHere());
  const item = (rule: RuleAnswer): vscode.QuickPickItem => ({
    label: rule.id,
    description: rule.severity,
    detail: rule.summary,
  });
  const inFile = rules.filter((rule) => here.has(rule.id)).map(item);
  const others = rules.filter((rule) => !here.has(rule.id)).map(item);
  const items = inFile.length === 0 ? others : [heading("in this file"), ...inFile, heading("all rules"), ...others];
  const chosen = await vscode.window.showQuickPick(items, {
    title: "Explain a rule of PipeSense",
    placeHolder: "The rule to read about",
    matchOnDetail: true,
  });
  if (chosen !== undefined) {
    await showPage(server, pages, chosen.label);
  }
}

function heading(label: string): vscode.QuickPickItem {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}

function rulesHere(): string[] {
  const uri = vscode.window.activeTextEditor?.document.uri;
  const found = uri === undefined ? [] : vscode.languages.getDiagnostics(uri);
  return found.filter((each) => each.source === "pipesense").map(ruleOf);
}

async function showPage(server: Server, pages: Pages, name: string): Promise<void> {
  const text = await pageText(server, name);
  if (text === undefined) {
    void vscode.window.showWarningMessage(`There is no page about ${name}.`);
    return;
  }
  await vscode.commands.executeCommand("markdown.showPreview", pages.put(`/${name}.md`, text));
}

/** The page of a rule or a pattern as Markdown. */
export async function pageText(server: Server, name: string): Promise<string | undefined> {
  return (await server.ask<PageAnswer>("pipesense/page", { name }))?.markdown ?? undefined;
}
