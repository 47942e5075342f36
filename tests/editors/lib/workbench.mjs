// One window of VS Code, driven by keys and read from what it shows.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
];

export const launchBrowser = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args: FLAGS,
  });

const PICTURES = path.resolve(import.meta.dirname, "../out");

export class Workbench {
  constructor(page, server, workspace) {
    this.page = page;
    this.server = server;
    this.workspace = workspace;
  }

  static async open(browser, server, workspace, file) {
    const page = await browser.newPage({
      viewport: { width: 1360, height: 1000 },
    });
    page.setDefaultTimeout(120_000);
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    const bench = new Workbench(page, server, workspace);
    await bench.until(() => bench.load(file));
    if (file !== undefined) await bench.shown(path.basename(file));
    return bench;
  }

  /** Loads the window; whether it holds its folders. Now and then code-server opens one that has lost them. */
  async load(file) {
    await this.page.goto(this.server.url(this.workspace, file), { waitUntil: "domcontentloaded" });
    await this.page.locator(".monaco-workbench").waitFor();
    const folders = this.page.locator('.pane-header[aria-label^="Explorer Section"]');
    return folders.waitFor({ timeout: 30_000 }).then(
      () => true,
      () => false,
    );
  }

  async close() {
    await this.page.close();
  }

  editor(file) {
    return this.page.locator(`.editor-instance .monaco-editor[data-uri$="/${file.replace(/^\//, "")}"]`);
  }

  async shown(file) {
    const editor = this.editor(file);
    await editor.locator(".view-lines .view-line").first().waitFor();
    return editor;
  }

  async openFile(file) {
    await this.keys("Control+P");
    await this.page.keyboard.type(file);
    await this.page
      .locator(".quick-input-list .monaco-list-row", {
        hasText: path.basename(file),
      })
      .first()
      .waitFor();
    await this.keys("Enter");
    return this.shown(file);
  }

  async keys(...keys) {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  async command(title) {
    await this.keys("F1");
    await this.page.locator(".quick-input-widget input").first().waitFor();
    await this.page.keyboard.type(title);
    await this.page.locator(".quick-input-list .monaco-list-row", { hasText: title }).first().waitFor();
    await this.keys("Enter");
  }

  /** Gives the keys to the editor of a file. */
  async focus(file) {
    await this.editor(file).locator(".view-line").first().click();
  }

  /** Puts the cursor at a line and column, both from 1. */
  async goTo(line, column = 1) {
    await this.keys("Control+G");
    const input = this.page.locator(".quick-input-widget input").first();
    await input.waitFor();
    await this.page.keyboard.type(`${line}:${column}`);
    await this.keys("Enter");
    await input.waitFor({ state: "hidden" });
  }

  /** The rows of the Problems view that are on the screen: message, source, code, place. */
  async problems() {
    const rows = this.page.locator(".markers-panel-container .monaco-list-row");
    if (!(await this.page.locator(".markers-panel-container").isVisible())) await this.keys("Control+Shift+M");
    await rows.first().waitFor();
    return (await rows.allInnerTexts()).map((text) => text.replace(/\s*\n\s*/g, " "));
  }

  /** Waits until a row of the Problems view holds all the words. */
  async problem(...words) {
    const wanted = (row) => words.every((word) => row.includes(word));
    return this.until(async () => (await this.problems()).find(wanted));
  }

  /** The texts under squiggles of a file, with their severities, in reading order. */
  async squiggles(file) {
    return this.editor(file).evaluate((editor) => {
      const lines = [...editor.querySelectorAll(".view-lines .view-line")].map((line) => {
        const box = line.getBoundingClientRect();
        return { top: box.top, line };
      });
      const found = [];
      for (const mark of editor.querySelectorAll(".view-overlays .cdr[class*=squiggly-]")) {
        const box = mark.getBoundingClientRect();
        const at = lines.find(({ top }) => Math.abs(top - box.top) < 4);
        if (at === undefined) continue;
        // The characters whose boxes the mark covers.
        const range = document.createRange();
        const walker = document.createTreeWalker(at.line, NodeFilter.SHOW_TEXT);
        let text = "";
        for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
          for (let index = 0; index < node.data.length; index += 1) {
            range.setStart(node, index);
            range.setEnd(node, index + 1);
            const rect = range.getBoundingClientRect();
            const middle = (rect.left + rect.right) / 2;
            if (middle > box.left && middle < box.right) text += node.data[index];
          }
        }
        const severity = /squiggly-(\w+)/.exec(mark.className)[1];
        found.push({
          severity,
          text: text.replaceAll("\u00a0", " "),
          top: box.top,
          left: box.left,
        });
      }
      found.sort((a, b) => a.top - b.top || a.left - b.left);
      return found.map(({ severity, text }) => `${severity}: ${text}`);
    });
  }

  /** What the hover at the cursor says, as soon as it says what is wanted; each part of it comes when it is ready. */
  async hover(wanted) {
    await this.keys("Control+K", "Control+I");
    const hover = this.page.locator(".monaco-hover:visible");
    await hover.filter({ hasText: wanted }).first().waitFor();
    return hover.filter({ hasText: wanted }).first().innerText();
  }

  /** Opens the menu of code actions and gives the titles in it. */
  async actions() {
    const rows = this.page.locator(".action-widget .monaco-list-row.action");
    // VS Code drops the menu when findings come in while it asks for actions. Who wants it presses the keys again.
    await this.until(async () => {
      if ((await rows.count()) > 0) return true;
      await this.keys("Control+.");
      await rows
        .first()
        .waitFor({ timeout: 10_000 })
        .catch(() => undefined);
    });
    return rows.allInnerTexts();
  }

  async choose(title) {
    await this.page.locator(".action-widget .monaco-list-row", { hasText: title }).first().click();
  }

  /** The number in the activity bar: how many findings the view of PipeSense holds. */
  async findings() {
    const badge = this.page.locator('.activitybar [aria-label^="PipeSense"] .badge-content');
    return (await badge.count()) === 0 ? 0 : Number(await badge.first().innerText());
  }

  /** What the messages in the corner say. */
  async notices() {
    return (await this.page.locator(".notifications-toasts .notification-list-item").allInnerTexts()).join("\n");
  }

  /** Presses a button of the message that says what is wanted. */
  async press(wanted, button) {
    const notice = this.page.locator(".notifications-toasts .notification-list-item", { hasText: wanted });
    await notice.getByRole("button", { name: button, exact: true }).click();
  }

  /** What the entry behind the braces of the status bar says. */
  async status() {
    await this.page.locator('[id="status.languageStatus"]').hover();
    const shown = this.page.locator(".hover-language-status .element", { hasText: "PipeSense" }).first();
    await shown.waitFor();
    const text = await shown.innerText();
    await this.page.mouse.move(700, 300);
    return text.replace(/\s+/g, " ");
  }

  /** What is on the clipboard. */
  async clipboard() {
    return this.page.evaluate(() => navigator.clipboard.readText());
  }

  /** The colours of the pieces of text in an editor that hold a word. */
  async colours(file, word) {
    return this.editor(file).evaluate((editor, wanted) => {
      const pieces = [...editor.querySelectorAll(".view-line > span > span")];
      return pieces
        .filter((each) => each.textContent.replaceAll("\u00a0", " ").includes(wanted))
        .map((each) => getComputedStyle(each).color);
    }, word);
  }

  /** The colour of what no grammar knows. */
  async plainColour(file) {
    return this.editor(file).evaluate((editor) => {
      const lines = editor.querySelector(".view-lines") ?? editor;
      return getComputedStyle(lines).color;
    });
  }

  /** Everything that a list of choices says, as soon as it says what is wanted. */
  async picks(wanted) {
    const list = this.page.locator(".quick-input-widget:visible .quick-input-list");
    await list.locator(".monaco-list-row", { hasText: wanted }).first().waitFor();
    return list.innerText();
  }

  async pick(label) {
    await this.picks(label);
    await this.page
      .locator(".quick-input-widget:visible .monaco-list-row", {
        hasText: label,
      })
      .first()
      .click();
  }

  /** The numbers of the processes that serve this window. */
  async serverProcesses() {
    return fs
      .readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .filter((name) => {
        try {
          const words = fs.readFileSync(`/proc/${name}/cmdline`, "utf8");
          return words.includes(this.server.data.replace(/d$/, "")) && words.includes("launch.py");
        } catch {
          return false;
        }
      })
      .map(Number);
  }

  /** The text on disk after saving, as soon as it is as wanted. */
  async saved(file, wanted) {
    const name = path.join(this.workspace, file);
    // Only what has changed is saved: the same keys in a tab that shows a diff would ask for the name of a new file.
    const changed = this.page.locator(".tab.active.dirty", { hasText: path.basename(file) });
    return this.until(async () => {
      if ((await changed.count()) > 0) {
        await this.keys("Control+S");
        return undefined;
      }
      const now = fs.readFileSync(name, "utf8");
      return wanted.test(now) ? now : undefined;
    });
  }

  /** Waits until a question is answered as wanted; if it never is, the failure shows both answers. */
  async becomes(ask, wanted) {
    const same = (now) => JSON.stringify(now) === JSON.stringify(wanted);
    let now;
    await this.until(async () => same((now = await ask()))).catch(() => undefined);
    assert.deepEqual(now, wanted);
  }

  /** Asks again and again until there is an answer. */
  async until(ask, milliseconds = 120_000) {
    const deadline = Date.now() + milliseconds;
    for (;;) {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
      assert.ok(Date.now() < deadline, `gave up waiting: ${String(ask)}`);
      await this.page.waitForTimeout(50);
    }
  }

  async picture(name) {
    fs.mkdirSync(PICTURES, { recursive: true });
    await this.page.screenshot({ path: path.join(PICTURES, `${name}.png`) });
  }
}
