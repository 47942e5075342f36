/** What the server answers beside the language server protocol; the other side is server/pipesense/lsp/about.py and guided.py. */

import type { Range, WorkspaceEdit } from "vscode-languageclient/node";

/** `pipesense/status`, asked with `{uri: string | null}`. */
export interface StatusAnswer {
  readonly version: string;
  readonly python: string;
  readonly rules: number;
  readonly pending: number;
  readonly files: number;
  readonly compiled: boolean;
  readonly dialect: string | null;
  readonly dialectWhy: string | null;
  readonly dbtProject: string | null;
  readonly findings: number;
}

/** `pipesense/rules`. */
export interface RuleAnswer {
  readonly id: string;
  readonly concern: string;
  readonly summary: string;
  readonly severity: string;
}

/** `pipesense/page`, asked with `{name: string}`: a rule's or a pattern's page. */
export interface PageAnswer {
  readonly markdown: string | null;
}

/** `pipesense/tables`, asked with `{uri, position}`: the tables that a file defines or loads, that under the cursor first. */
export interface TableAnswer {
  readonly name: string;
  readonly here: boolean;
}

/** `pipesense/checkPlan`, asked with `{uri, table}`. */
export interface PlanAnswer {
  readonly table: string;
  readonly checks: readonly CheckAnswer[];
  readonly leftOut: readonly { readonly dimension: string; readonly why: string }[];
  readonly forms: readonly { readonly id: string; readonly title: string }[];
}

export interface CheckAnswer {
  readonly id: string;
  readonly label: string;
  readonly dimension: string;
  readonly columns: readonly string[];
  readonly reason: string;
  readonly sureness: "declared" | "likely" | "guess";
}

/** `pipesense/tasks`, asked with `{uri}`: pipelines and tasks, and what happens to a failed attempt of each. */
export interface TaskAnswer {
  readonly id: string;
  readonly pipeline: string;
  readonly task: string | null;
  readonly kind: string;
  readonly now: string;
  readonly reason: string;
  readonly lacking: boolean;
  readonly careful: boolean;
  readonly range: Range | null;
}

/** `pipesense/insertChecks` with `{uri, table, form, checks}`, `pipesense/setRetries` with `{uri, target, attempts, delayMinutes}`. */
export interface EditAnswer {
  readonly edit: WorkspaceEdit | null;
  /** Why there is no edit, as a sentence. */
  readonly refusal: string | null;
}
