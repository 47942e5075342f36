/** The entry in the language status menu: what runs, which dialect and why, how many rules, and what is wrong. */

import * as vscode from "vscode";
import type { StatusAnswer } from "./protocol";
import { described } from "./words";

export type Shown =
  { readonly state: "off" | "starting" | "running" } | { readonly state: "waiting" | "stopped"; readonly why: string };

export class Status implements vscode.Disposable {
  private readonly item: vscode.LanguageStatusItem;
  private readonly toDispose: { dispose(): unknown }[] = [];
  private shown: Shown = { state: "off" };
  private indexing = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    selector: vscode.DocumentSelector,
    private readonly ask: (uri: string | null) => Promise<StatusAnswer | undefined>,
  ) {
    this.item = vscode.languages.createLanguageStatusItem("pipesense.status", selector);
    this.item.name = "PipeSense";
    this.toDispose.push(
      this.item,
      vscode.window.onDidChangeActiveTextEditor(() => {
        this.soon();
      }),
      vscode.languages.onDidChangeDiagnostics(() => {
        this.soon();
      }),
    );
    this.set(this.shown);
  }

  dispose(): void {
    clearTimeout(this.timer);
    vscode.Disposable.from(...this.toDispose).dispose();
  }

  set(shown: Shown): void {
    this.shown = shown;
    const stopped = shown.state === "stopped";
    this.item.severity = stopped ? vscode.LanguageStatusSeverity.Error : vscode.LanguageStatusSeverity.Information;
    this.item.busy = shown.state === "starting" || shown.state === "waiting";
    this.item.text = {
      off: "PipeSense: off",
      starting: "PipeSense: starting",
      running: "PipeSense",
      waiting: "PipeSense: starting again",
      stopped: "PipeSense: stopped",
    }[shown.state];
    this.item.detail = "why" in shown ? shown.why : "";
    this.item.command = stopped
      ? { title: "Restart", command: "pipesense.restart" }
      : { title: "Show Logs", command: "pipesense.showLogs" };
    this.soon();
  }

  /** The server reads the workspace, or is done with it. */
  busy(indexing: boolean): void {
    this.indexing = indexing;
    this.item.busy = indexing || this.shown.state === "starting" || this.shown.state === "waiting";
    this.soon();
  }

  private soon(milliseconds = 150): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.refresh(), milliseconds);
  }

  private async refresh(): Promise<void> {
    if (this.shown.state !== "running") {
      return;
    }
    const uri = vscode.window.activeTextEditor?.document.uri.toString() ?? null;
    const answer = await this.ask(uri);
    if (answer !== undefined && this.isRunning()) {
      this.item.detail = described(answer, this.indexing);
      if (answer.pending > 0) {
        // Nobody tells of files that are read without a finding.
        this.soon(1_000);
      }
    }
  }

  private isRunning(): boolean {
    return this.shown.state === "running";
  }
}
