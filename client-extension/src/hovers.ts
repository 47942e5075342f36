/** Hovers say once what the editor shows beside them already, and lead to the whole page of a rule. */

/** A finding as the editor shows it at the place of a hover. */
export interface Told {
  readonly rule: string;
  readonly message: string;
}

/**
 * A hover without the heads of findings whose messages the editor shows above it: rule and severity, then the message.
 * What is not there word for word stays as it is.
 */
export function withoutRepeats(markdown: string, told: readonly Told[]): string {
  return told.reduce((text, { rule, message }) => {
    for (const severity of ["error", "warning", "info", "hint"]) {
      const head = `**${rule}** · ${severity}\n\n${message}`;
      const at = text.indexOf(head);
      const rest = at < 0 ? undefined : text.slice(at + head.length);
      // Only a head with something behind it: a hover of nothing is none.
      if (rest?.startsWith("\n\n") === true && !rest.startsWith("\n\n---\n")) {
        return text.slice(0, at) + rest.slice(2);
      }
    }
    return text;
  }, markdown);
}

/** A hover that leads to the pages of the rules whose findings it explains. */
export function withPages(markdown: string, rules: readonly string[]): string {
  const links = [...new Set(rules)].map((rule) => {
    const given = encodeURIComponent(JSON.stringify([rule]));
    return `[All about ${rule}](command:pipesense.showPage?${given})`;
  });
  return links.length === 0 ? markdown : `${markdown}\n\n---\n\n${links.join(" · ")}`;
}

/** The page that a path names: "/patterns/idempotent-load.md", "/reliability/no_retries.md". */
export function pageOf(path: string): string {
  return path
    .replace(/^\/(patterns\/)?/, "")
    .replace(/\.md$/, "")
    .replaceAll("_", "-");
}
