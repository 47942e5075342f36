// Neovim with its own language client, without a configuration.

import path from "node:path";
import { describe } from "node:test";
import { journeys } from "./lib/journeys.mjs";
import { edit } from "./lib/terminal.mjs";

const SCRIPT = path.join(import.meta.dirname, "neovim.lua");

describe("Neovim", () => {
  journeys((what) => edit(["nvim", "--headless", "--clean", "-n", "-S", SCRIPT], what));
});
