// A throw-away VS Code: code-server from npm, with the extension installed from its VSIX, on a port of its own.

import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";

const HERE = path.resolve(import.meta.dirname, "..");
const PACKAGES = path.join(HERE, "node_modules");
const ENTRY = path.join(PACKAGES, "code-server/out/node/entry.js");

const ROOT = path.resolve(HERE, "../..");
const { version } = JSON.parse(fs.readFileSync(path.join(ROOT, "client-extension/package.json"), "utf8"));

/** The extension as people install it. */
export const VSIX = process.env.VSIX ?? path.join(ROOT, `dist/pipesense-${version}.vsix`);

const SETTINGS = {
  "workbench.startupEditor": "none",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "chat.disableAIFeatures": true,
  "telemetry.telemetryLevel": "off",
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": false,
  "workbench.enableExperiments": false,
  "git.enabled": false,
  "files.autoSave": "off",
  "editor.minimap.enabled": false,
  "editor.hover.delay": 50,
  "editor.stickyScroll.enabled": false,
  "window.dialogStyle": "custom",
  "security.workspace.trust.enabled": false,
};

/** Starts one; `settings` come on top of quiet ones, `environment` on top of ours. */
export async function startCodeServer({ vsix, settings = {}, environment = {} }) {
  // The path must be short: a socket lies below it, and names of sockets end at 108 characters.
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "vs-"));
  const data = path.join(folder, "d");
  const extensions = path.join(folder, "x");
  // What belongs to the machine is read from Machine/, because the window is a remote one; the rest from User/.
  for (const part of ["User", "Machine"]) {
    fs.mkdirSync(path.join(data, part), { recursive: true });
    fs.writeFileSync(path.join(data, part, "settings.json"), JSON.stringify({ ...SETTINGS, ...settings }));
  }
  fs.writeFileSync(path.join(folder, "config.yaml"), "auth: none\n");
  const places = [
    "--config",
    path.join(folder, "config.yaml"),
    "--user-data-dir",
    data,
    "--extensions-dir",
    extensions,
  ];
  const env = {
    ...process.env,
    EXTENSIONS_GALLERY: '{"serviceUrl":""}',
    TMPDIR: folder,
    ...environment,
  };
  for (const name of [
    "VSCODE_IPC_HOOK_CLI",
    "ELECTRON_RUN_AS_NODE",
    "NODE_OPTIONS",
    "NODE_TEST_CONTEXT",
    "PYTHONPATH",
    "PYTHONDONTWRITEBYTECODE",
  ]) {
    delete env[name];
  }
  execFileSync(process.execPath, [ENTRY, ...places, "--install-extension", vsix, "--force"], { env, stdio: "pipe" });
  const port = await freePort();
  const log = fs.openSync(path.join(folder, "server.log"), "w");
  const switches = ["telemetry", "update-check", "getting-started-override", "proxy"].map(
    (each) => `--disable-${each}`,
  );
  const child = spawn(
    process.execPath,
    [ENTRY, ...places, "--bind-addr", `127.0.0.1:${port}`, ...switches, "--ignore-last-opened"],
    { stdio: ["ignore", log, log], env, detached: true },
  );
  await healthy(port, child, path.join(folder, "server.log"));
  return {
    data,
    settings: (changed) => {
      for (const part of ["User", "Machine"]) {
        const all = JSON.stringify({ ...SETTINGS, ...settings, ...changed });
        fs.writeFileSync(path.join(data, part, "settings.json"), all);
      }
    },
    url: (workspace, file) => {
      const open = [["openFile", `vscode-remote://127.0.0.1:${port}${path.resolve(workspace, file ?? "")}`]];
      const payload = file === undefined ? "" : `&payload=${encodeURIComponent(JSON.stringify(open))}`;
      const kind = workspace.endsWith(".code-workspace") ? "workspace" : "folder";
      return `http://127.0.0.1:${port}/?${kind}=${encodeURIComponent(workspace)}${payload}`;
    },
    /** What the extension and its server wrote, newest window last. */
    logs: () => walk(path.join(data, "logs")).filter((file) => /PipeSense/.test(file)),
    stop: async () => {
      // The whole group: the extension host does not end with the launcher.
      signal(child, "SIGTERM");
      await Promise.race([ended(child), new Promise((done) => setTimeout(done, 5000))]);
      signal(child, "SIGKILL");
      fs.rmSync(folder, {
        recursive: true,
        force: true,
        maxRetries: 10,
        retryDelay: 200,
      });
    },
  };
}

const made = [];
process.once("exit", () => made.forEach((folder) => fs.rmSync(folder, { recursive: true, force: true })));

/** A copy of the workspace of these tests, and files on top of it. */
export function makeWorkspace(files = {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "pipeline-"));
  made.push(folder);
  fs.cpSync(path.join(HERE, "workspace"), folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), text);
  }
  return folder;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function healthy(port, child, log) {
  const deadline = Date.now() + 60_000;
  for (;;) {
    try {
      if ((await fetch(`http://127.0.0.1:${port}/healthz`)).ok) return;
    } catch {
      // not yet
    }
    if (child.exitCode !== null || Date.now() > deadline) {
      throw new Error(`code-server did not start: ${fs.readFileSync(log, "utf8").slice(-2000)}`);
    }
    await new Promise((done) => setTimeout(done, 100));
  }
}

const ended = (child) =>
  child.exitCode !== null ? Promise.resolve() : new Promise((done) => child.once("exit", () => done()));

function signal(child, name) {
  try {
    process.kill(-child.pid, name);
  } catch {
    // already gone
  }
}

function walk(folder) {
  try {
    return fs
      .readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((each) => each.isFile())
      .map((each) => path.join(each.parentPath, each.name));
  } catch {
    return [];
  }
}
