/** A configuration file to start from. */

import * as vscode from "vscode";

const NAME = "pipesense.toml";

const TEXT = `# What holds for this folder and everything below it, in the editor and for \`pipesense check\` alike.

# Rules and concerns that are used; without this line all that are on by default.
# select = ["all"]

# Rules and concerns that are not used.
ignore = []

# Folders that are not read.
exclude = []

# The SQL dialect of files, by glob. PipeSense finds most dialects out by itself; hover a statement to see which and why.
# dialect = { "warehouse/**" = "snowflake" }

# The versions that the code runs on, where no file of the project says it.
# version = { airflow = "2.10" }

# [severity]
# "reliability/no-retries" = "error"

# [per-file-ignores]
# "legacy/**" = ["upgrade"]

# [assets."mart.events"]
# append_only = true
`;

/** Opens the folder's pipesense.toml, after making one where there is none. */
export async function createConfiguration(): Promise<void> {
  const folder = await chosenFolder();
  if (folder === undefined) {
    void vscode.window.showWarningMessage("Open a folder first: pipesense.toml is put there.");
    return;
  }
  const uri = vscode.Uri.joinPath(folder.uri, NAME);
  try {
    await vscode.workspace.fs.stat(uri);
  } catch {
    await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(TEXT));
  }
  await vscode.window.showTextDocument(uri);
}

async function chosenFolder(): Promise<vscode.WorkspaceFolder | undefined> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  return folders.length > 1 ? vscode.window.showWorkspaceFolderPick() : folders[0];
}
