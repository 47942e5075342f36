/** Findings by concern and rule, in the order in which concerns matter. */

/** Data quality, then reliability, performance, maintainability; as in server/pipesense/rule/meta.py. */
const ORDER = [
  "quality",
  "correctness",
  "schema",
  "modelling",
  "reliability",
  "idempotency",
  "streaming",
  "monitoring",
  "security",
  "performance",
  "maintainability",
  "upgrade",
  "testing",
  "lineage",
];

export interface Found {
  readonly uri: string;
  readonly rule: string;
  /** As in VS Code: 0 is an error, 3 a hint. */
  readonly severity: number;
  readonly message: string;
  readonly line: number;
  readonly character: number;
}

export type Place = Found;

export interface Rule {
  readonly name: string;
  readonly severity: number;
  readonly places: Place[];
}

export interface Concern {
  readonly name: string;
  readonly count: number;
  readonly rules: Rule[];
}

/** Concerns in their order, in each the worst rules first, in each the places by file and line. */
export function grouped(found: readonly Found[]): Concern[] {
  const concerns = new Map<string, Map<string, Found[]>>();
  for (const each of found) {
    const concern = each.rule.includes("/") ? each.rule.slice(0, each.rule.indexOf("/")) : "other";
    const rules = concerns.get(concern) ?? new Map<string, Found[]>();
    concerns.set(concern, rules);
    rules.set(each.rule, [...(rules.get(each.rule) ?? []), each]);
  }
  return [...concerns]
    .sort(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b))
    .map(([name, rules]) => ({
      name,
      count: [...rules.values()].reduce((sum, places) => sum + places.length, 0),
      rules: [...rules].map(ofRule).sort((a, b) => a.severity - b.severity || a.name.localeCompare(b.name)),
    }));
}

function ofRule([name, found]: [string, Found[]]): Rule {
  const places = [...found].sort((a, b) => a.uri.localeCompare(b.uri) || a.line - b.line || a.character - b.character);
  return { name, severity: Math.min(...places.map((each) => each.severity)), places };
}

function rank(concern: string): number {
  const at = ORDER.indexOf(concern);
  return at < 0 ? ORDER.length : at;
}
