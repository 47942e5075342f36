/** What the server answers beside the language server protocol; the other side is server/pipesense/lsp/about.py. */

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
