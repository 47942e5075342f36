/** Texts that are no files: pages of rules, and previews of edits. */

import * as vscode from "vscode";

/** Documents that are made up by us; `scheme:` and a path, with a text behind each. */
export class Pages implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly texts = new Map<string, string>();
  private readonly changes = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changes.event;
  private readonly registration: vscode.Disposable;

  /** `find` gives the text of a document that nobody put there: pages lead to other pages. */
  constructor(
    readonly scheme: string,
    private readonly find: (path: string) => Promise<string | undefined> = () => Promise.resolve(undefined),
  ) {
    this.registration = vscode.workspace.registerTextDocumentContentProvider(scheme, this);
  }

  dispose(): void {
    vscode.Disposable.from(this.registration, this.changes).dispose();
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string | undefined> {
    return this.texts.get(uri.toString()) ?? (await this.find(uri.path));
  }

  /** The document of that path, with this text from now on. */
  put(path: string, text: string): vscode.Uri {
    const uri = vscode.Uri.from({ scheme: this.scheme, path });
    this.texts.set(uri.toString(), text);
    this.changes.fire(uri);
    return uri;
  }

  drop(uri: vscode.Uri): void {
    this.texts.delete(uri.toString());
  }
}
