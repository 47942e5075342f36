/** The language server as a process, and the client that talks to it. */

import { type ChildProcess, spawn } from "node:child_process";
import { stat } from "node:fs/promises";
import { homedir } from "node:os";
import * as vscode from "vscode";
import {
  CloseAction,
  DidChangeWatchedFilesNotification,
  FileChangeType,
  type FileEvent,
  DiagnosticPullMode,
  ErrorAction,
  LanguageClient,
  type LanguageClientOptions,
  RevealOutputChannelOn,
} from "vscode-languageclient/node";
import { choose, isLaunch, type Launch } from "./choose";
import { ruleOf } from "./findings";
import { withoutRepeats, withPages } from "./hovers";
import { asking, onThePath } from "./interpreters";
import { Lifecycle } from "./lifecycle";
import { Memory } from "./memory";
import type { Selection } from "./selection";
import { readSettings, type Settings } from "./settings";
import type { Shown } from "./status";
import { Timeline } from "./timeline";

const LANGUAGES = [
  "python",
  "sql",
  "jinja-sql",
  "dbt",
  "snowflake-sql",
  "bigquery",
  "databricks-sql",
  "postgres",
  "plpgsql",
  "mssql",
  "spark-sql",
  "yaml",
  "jinja-yaml",
  "dbt-yaml",
  "json",
  "jsonc",
];

/** Which documents are the server's. Of YAML and JSON it keeps what holds a pipeline, and forgets the rest at once. */
export const DOCUMENTS = [
  ...LANGUAGES.flatMap((language) => ["file", "untitled"].map((scheme) => ({ scheme, language }))),
  // By name: VS Code itself knows no TOML. What is saved then counts at once, however slowly files are watched.
  { scheme: "file", pattern: "**/{pipesense,pyproject}.toml" },
];

const TAIL = 40;

export class Server implements vscode.Disposable {
  readonly lifecycle: Lifecycle;
  client: LanguageClient | undefined;
  launch: Launch | undefined;
  private process: ChildProcess | undefined;
  private stopping = false;
  private tail: string[] = [];
  private readonly changes = new vscode.EventEmitter<LanguageClient | undefined>();
  /** The client that is there from now on, or undefined while there is none. */
  readonly onChange = this.changes.event;
  readonly timeline = new Timeline(Date.now);
  private readonly interpreters: Memory;

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly log: vscode.LogOutputChannel,
    private readonly messages: vscode.LogOutputChannel,
    private readonly show: (shown: Shown) => void,
    private readonly progress: (working: boolean) => void,
    private readonly selection: Pick<Selection, "now">,
  ) {
    const stamp = (path: string): Promise<string | undefined> =>
      stat(path).then(
        (file) => `${file.size} ${file.mtimeMs}`,
        () => undefined,
      );
    this.interpreters = new Memory(asking(), context.globalState, stamp, process.env["PATH"] ?? "");
    context.subscriptions.push(
      vscode.languages.onDidChangeDiagnostics((event) => {
        this.look(event.uris);
      }),
    );
    this.lifecycle = new Lifecycle({
      start: () => this.start(),
      stop: () => this.stop(),
      givenUp: (crashes) => {
        this.giveUp(crashes);
      },
      waiting: (milliseconds) => {
        const when = milliseconds === 0 ? "now" : `in ${milliseconds / 1000} s`;
        this.log.warn(`The server ended unexpectedly (${this.reason()}); it is started again ${when}.`);
        this.show({ state: "waiting", why: this.reason() });
      },
      now: Date.now,
      sleep: (milliseconds) => new Promise((done) => setTimeout(done, milliseconds)),
    });
  }

  dispose(): void {
    this.changes.dispose();
  }

  /** Asks the server; undefined where none is running or it cannot answer. */
  async ask<T>(method: string, params: unknown): Promise<T | undefined> {
    const client = this.client;
    if (client === undefined) {
      return undefined;
    }
    try {
      return await client.sendRequest<T>(method, params);
    } catch (error) {
      this.log.warn(`${method}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }

  /** A folder is gone: nothing below it is there any more. */
  forget(folder: vscode.Uri): void {
    const changes: FileEvent[] = [{ uri: folder.toString(), type: FileChangeType.Deleted }];
    void this.client?.sendNotification(DidChangeWatchedFilesNotification.type, { changes });
  }

  /** The last lines that the server wrote to standard error. */
  get lastWords(): readonly string[] {
    return this.tail;
  }

  /** Notes when the first findings are there; it need not be those of a file that is open. */
  private look(uris: readonly vscode.Uri[]): void {
    const has = (uri: vscode.Uri): boolean =>
      vscode.languages.getDiagnostics(uri).some((each) => each.source === "pipesense");
    if (this.client !== undefined && uris.some(has) && this.timeline.mark("first findings")) {
      this.log.info(`The first findings: ${String(this.timeline)}.`);
    }
  }

  private async start(): Promise<void> {
    const settings = currentSettings();
    if (!settings.enable) {
      this.log.info("PipeSense is switched off by the setting pipesense.enable.");
      this.show({ state: "off" });
      return;
    }
    this.show({ state: "starting" });
    this.timeline.begin();
    const choice = await choose(settings, {
      ask: this.interpreters.asking,
      exists: (path) => stat(path).then(Boolean, () => false),
      selected: () => this.selection.now(),
      onThePath: onThePath(process.platform),
      bundled: this.context.asAbsolutePath("bundled/launch.py"),
    });
    if (!isLaunch(choice)) {
      this.log.error(choice.message);
      this.show({ state: "stopped", why: choice.message });
      void this.explain(choice.message, choice.remedy);
      return;
    }
    this.launch = choice;
    this.timeline.mark("interpreter known");
    this.log.info(`Starting ${choice.why}: ${[choice.command, ...choice.args].join(" ")}`);
    await this.connect(choice, settings);
  }

  private async connect(launch: Launch, settings: Settings): Promise<void> {
    this.stopping = false;
    this.tail = [];
    // The client may wait for ever for the first answer of a server that is gone before it was asked.
    let gone = (): void => undefined;
    const death = new Promise<never>((_, reject) => {
      gone = () => {
        reject(new Error("it ended before it answered"));
      };
    });
    death.catch(() => undefined);
    const spawned = (): Promise<ChildProcess> =>
      this.spawn(launch).then((child) => {
        child.once("close", gone);
        return child;
      });
    const client = new QuietClient("pipesense", "PipeSense", spawned, this.options(settings));
    try {
      await Promise.race([client.start(), death]);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      void client.dispose().catch(() => undefined);
      this.tail.push(...(this.tail.length === 0 ? [why] : []));
      await this.interpreters.forget();
      void this.lifecycle.crashed();
      return;
    }
    this.client = client;
    this.timeline.mark("server answered");
    this.log.info(`The server runs: ${client.initializeResult?.serverInfo?.version ?? "unknown version"}.`);
    this.show({ state: "running" });
    this.changes.fire(client);
  }

  private spawn(launch: Launch): Promise<ChildProcess> {
    return new Promise((resolve, reject) => {
      const child = spawn(launch.command, launch.args, {
        // Not a folder of the workspace: those may go away, and Python must not look for modules in them.
        cwd: this.context.extensionPath,
        env: { ...process.env, PIPESENSE_CACHE: vscode.Uri.joinPath(this.context.globalStorageUri, "cache").fsPath },
        windowsHide: true,
      });
      this.process = child;
      child.stderr.on("data", (data: Buffer) => {
        this.tail = [...this.tail, ...data.toString().split(/\r?\n/).filter(Boolean)].slice(-TAIL);
      });
      // A server that is gone cannot be written to; that it is gone is noticed elsewhere.
      child.stdin.on("error", () => undefined);
      child.once("error", reject);
      child.once("spawn", () => {
        this.timeline.mark("server started");
        resolve(child);
      });
    });
  }

  private options(settings: Settings): LanguageClientOptions {
    const onSave = settings.run === "onSave";
    return {
      documentSelector: DOCUMENTS,
      diagnosticCollectionName: "pipesense",
      initializationOptions: { settings: vscode.workspace.getConfiguration("pipesense") },
      outputChannel: this.messages,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      markdown: { isTrusted: { enabledCommands: ["pipesense.showPage"] } },
      diagnosticPullOptions: {
        onChange: !onSave,
        onSave,
        ...(onSave ? { filter: (_: unknown, mode: DiagnosticPullMode) => mode === DiagnosticPullMode.onType } : {}),
      },
      initializationFailedHandler: () => false,
      middleware: {
        provideHover: async (document, position, token, next) => {
          const hover = await next(document, position, token);
          return hover == null ? hover : onlyNews(hover, document, position);
        },
        provideCodeActions: async (document, range, context, token, next) =>
          (await next(document, range, context, token))?.map(noticed),
        resolveCodeAction: async (action, token, next) => noticed((await next(action, token)) ?? action),
        // Only one extension may colour a language by meaning. Where Pylance does, it does more; the grammar colours SQL.
        provideDocumentSemanticTokens: (document, token, next) =>
          isColouredByPylance(document) ? null : next(document, token),
        provideDocumentRangeSemanticTokens: (document, range, token, next) =>
          isColouredByPylance(document) ? null : next(document, range, token),
        handleWorkDoneProgress: (token, params, next) => {
          this.progress(params.kind !== "end");
          next(token, params);
        },
      },
      errorHandler: {
        error: (error) => {
          this.log.warn(`The connection to the server: ${error.message}`);
          return { action: ErrorAction.Continue, handled: true };
        },
        closed: () => {
          if (!this.stopping && this.client !== undefined) {
            this.client = undefined;
            this.changes.fire(undefined);
            void this.lifecycle.crashed();
          }
          return { action: CloseAction.DoNotRestart, handled: true };
        },
      },
    };
  }

  private async stop(): Promise<void> {
    this.stopping = true;
    const [client, child] = [this.client, this.process];
    this.client = this.process = undefined;
    if (client !== undefined) {
      this.changes.fire(undefined);
      await client.dispose().catch(() => undefined);
    }
    if (child?.exitCode === null) {
      child.kill();
    }
  }

  /** The last thing that the server said before it died. */
  private reason(): string {
    return this.tail.at(-1) ?? `exit code ${this.process?.exitCode ?? this.process?.signalCode ?? "unknown"}`;
  }

  private giveUp(crashes: number): void {
    const message = `The PipeSense server ended unexpectedly ${crashes} times in three minutes: ${this.reason()}`;
    this.log.error([message, ...this.tail].join("\n"));
    this.show({ state: "stopped", why: this.reason() });
    void this.explain(message, "logs");
  }

  private async explain(message: string, remedy: "interpreter" | "path" | "install" | "logs"): Promise<void> {
    const [settings, python, again, logs] = ["Open Setting", "Get Python", "Start Again", "Show Logs"];
    const buttons = {
      interpreter: [settings, again, logs],
      path: [settings, again, logs],
      install: [python, settings, again],
      logs: [again, logs],
    }[remedy];
    const chosen = await vscode.window.showErrorMessage(message, ...buttons);
    if (chosen === settings) {
      const name = remedy === "path" ? "pipesense.path" : "pipesense.interpreter";
      // Settings of a machine are not among those of the user where the server runs on another machine.
      const remote = vscode.env.remoteName !== undefined;
      const where = remote ? "workbench.action.openRemoteSettings" : "workbench.action.openSettings2";
      await vscode.commands.executeCommand(where, { query: name });
    } else if (chosen === python) {
      await vscode.env.openExternal(vscode.Uri.parse("https://www.python.org/downloads/"));
    } else if (chosen === again) {
      await this.lifecycle.restart();
    } else if (chosen === logs) {
      this.log.show();
    }
  }
}

function isColouredByPylance(document: vscode.TextDocument): boolean {
  return document.languageId === "python" && vscode.extensions.getExtension("ms-python.vscode-pylance") !== undefined;
}

/** Errors of the connection are written down; what people need to know is told in one message of ours. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

/** A hover without the messages that the editor shows above it, because findings are there, and with links to their pages. */
function onlyNews(hover: vscode.Hover, document: vscode.TextDocument, position: vscode.Position): vscode.Hover {
  const told = vscode.languages
    .getDiagnostics(document.uri)
    .filter((each) => each.source === "pipesense" && each.range.contains(position))
    .map((each) => ({ rule: ruleOf(each), message: each.message }));
  const texts = hover.contents.filter((content) => content instanceof vscode.MarkdownString);
  for (const content of texts) {
    content.value = withoutRepeats(content.value, told);
  }
  const last = texts.at(-1);
  if (last !== undefined) {
    const rules = told.map(({ rule }) => rule);
    last.value = withPages(last.value, rules);
  }
  return hover;
}

/** An action that says so when it has been carried out. */
function noticed<A extends vscode.Command | vscode.CodeAction>(action: A): A {
  if (action instanceof vscode.CodeAction && action.disabled === undefined) {
    action.command ??= { title: action.title, command: "pipesense.fixApplied" };
  }
  return action;
}

/** The settings as they are now. */
export function currentSettings(): Settings {
  const configuration = vscode.workspace.getConfiguration("pipesense");
  return readSettings((name) => configuration.get(name), {
    workspaceFolder: vscode.workspace.workspaceFolders?.[0]?.uri.fsPath,
    home: homedir(),
    environment: process.env,
  });
}
