/** The findings of the workspace by concern: a tree for the side bar. */

import * as vscode from "vscode";
import { counted } from "./words";
import { type Concern, grouped, type Rule, type Place } from "./grouping";

type Node = Concern | Rule | Place;

export class Findings implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  private readonly changes = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changes.event;
  private readonly view: vscode.TreeView<Node>;
  private readonly listener: vscode.Disposable;
  private timer: NodeJS.Timeout | undefined;
  private tree: Concern[] = [];

  constructor() {
    this.view = vscode.window.createTreeView("pipesense.findings", { treeDataProvider: this, showCollapseAll: true });
    this.listener = vscode.languages.onDidChangeDiagnostics(() => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => {
        this.refresh();
      }, 200);
    });
    this.refresh();
  }

  dispose(): void {
    clearTimeout(this.timer);
    vscode.Disposable.from(this.listener, this.view, this.changes).dispose();
  }

  getChildren(node?: Node): Node[] {
    if (node === undefined) {
      return this.tree;
    }
    return "rules" in node ? node.rules : "places" in node ? node.places : [];
  }

  getTreeItem(node: Node): vscode.TreeItem {
    if ("rules" in node) {
      const item = new vscode.TreeItem(node.name, vscode.TreeItemCollapsibleState.Expanded);
      item.description = String(node.count);
      return item;
    }
    if ("places" in node) {
      // The concern is told above; the view is narrow.
      const label = node.name.slice(node.name.indexOf("/") + 1);
      const item = new vscode.TreeItem(label, vscode.TreeItemCollapsibleState.Collapsed);
      item.description = String(node.places.length);
      item.tooltip = node.name;
      item.contextValue = "rule";
      item.iconPath = new vscode.ThemeIcon(ICONS[node.severity] ?? "lightbulb");
      return item;
    }
    const uri = vscode.Uri.parse(node.uri);
    const item = new vscode.TreeItem(`${vscode.workspace.asRelativePath(uri)}:${node.line + 1}`);
    item.tooltip = node.message;
    item.description = node.message;
    const start = new vscode.Position(node.line, node.character);
    item.command = {
      title: "Open",
      command: "vscode.open",
      arguments: [uri, { selection: new vscode.Range(start, start) } satisfies vscode.TextDocumentShowOptions],
    };
    return item;
  }

  private refresh(): void {
    const places = vscode.languages.getDiagnostics().flatMap(([uri, diagnostics]) =>
      diagnostics
        .filter((each) => each.source === "pipesense")
        .map((each) => ({
          uri: uri.toString(),
          rule: ruleOf(each),
          severity: each.severity,
          message: each.message,
          line: each.range.start.line,
          character: each.range.start.character,
        })),
    );
    this.tree = grouped(places);
    const loud = places.filter((each) => each.severity <= vscode.DiagnosticSeverity.Warning).length;
    this.view.badge =
      loud === 0
        ? undefined
        : { value: loud, tooltip: `${counted(loud, "error or warning", "errors and warnings")} of PipeSense` };
    this.view.message = places.length === 0 ? "No findings in what has been read so far." : "";
    this.changes.fire(undefined);
  }
}

const ICONS = ["error", "warning", "info", "lightbulb"];

/** The rule's id of a diagnostic of ours. */
export function ruleOf(diagnostic: vscode.Diagnostic): string {
  const code = diagnostic.code;
  return String(typeof code === "object" ? code.value : (code ?? ""));
}
