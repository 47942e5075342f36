/** The interpreter that is selected in VS Code. Both extensions for Python are used if they are there; neither must be. */

import * as vscode from "vscode";

const ENVIRONMENTS = "ms-python.vscode-python-envs";
const PYTHON = "ms-python.python";

interface EnvironmentsApi {
  getEnvironment(scope: vscode.Uri | undefined): Promise<{ execInfo?: { run?: { executable?: string } } } | undefined>;
  onDidChangeEnvironment?: vscode.Event<unknown>;
}

interface PythonApi {
  environments: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { path: string };
    resolveEnvironment(path: {
      path: string;
    }): Promise<{ executable?: { uri?: vscode.Uri | undefined } | undefined } | undefined>;
    onDidChangeActiveEnvironmentPath?: vscode.Event<unknown>;
  };
}

/** The selected interpreter for a folder, or undefined where nobody knows one or the folder is not trusted. */
export async function selectedInterpreter(folder: vscode.Uri | undefined): Promise<string[] | undefined> {
  if (!vscode.workspace.isTrusted) {
    return undefined;
  }
  const path = (await fromEnvironments(folder)) ?? (await fromPython(folder));
  return path === undefined ? undefined : [path];
}

/** Calls `look` now, and whenever another interpreter may have been selected. */
export async function watchInterpreter(look: () => Promise<void>): Promise<vscode.Disposable> {
  await look();
  const events = [
    (await api<EnvironmentsApi>(ENVIRONMENTS))?.onDidChangeEnvironment,
    (await api<PythonApi>(PYTHON))?.environments.onDidChangeActiveEnvironmentPath,
  ];
  return vscode.Disposable.from(...events.filter((each) => each !== undefined).map((each) => each(() => void look())));
}

async function fromEnvironments(folder: vscode.Uri | undefined): Promise<string | undefined> {
  const found = await (await api<EnvironmentsApi>(ENVIRONMENTS))?.getEnvironment(folder);
  return found?.execInfo?.run?.executable;
}

async function fromPython(folder: vscode.Uri | undefined): Promise<string | undefined> {
  const environments = (await api<PythonApi>(PYTHON))?.environments;
  if (environments === undefined) {
    return undefined;
  }
  const found = await environments.resolveEnvironment(environments.getActiveEnvironmentPath(folder));
  return found?.executable?.uri?.fsPath;
}

/** What an extension exports; undefined where it is missing, switched off, exports nothing, or does not start. */
async function api<T>(id: string): Promise<T | undefined> {
  const extension = vscode.extensions.getExtension<T | undefined>(id);
  if (extension === undefined) {
    return undefined;
  }
  try {
    return extension.isActive ? extension.exports : await extension.activate();
  } catch {
    return undefined;
  }
}
