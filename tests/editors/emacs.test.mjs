// Emacs with eglot, without a configuration.

import path from "node:path";
import { describe } from "node:test";
import { journeys } from "./lib/journeys.mjs";
import { edit } from "./lib/terminal.mjs";

const SCRIPT = path.join(import.meta.dirname, "emacs.el");

describe("Emacs with eglot", () => {
  journeys((what) => edit(["emacs", "--batch", "-l", SCRIPT], what));
});
