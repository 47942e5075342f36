/** Sentences and labels for people, made of what the server answers. */

import type { StatusAnswer } from "./protocol";

/** What the status says: "Snowflake (from the profile of dbt project shop) · 138 rules". */
export function described(status: StatusAnswer, indexing: boolean): string {
  const parts: string[] = [];
  if (status.dialect !== null) {
    parts.push(status.dialectWhy === null ? status.dialect : `${status.dialect} (${status.dialectWhy})`);
  }
  if (status.dbtProject !== null) {
    parts.push(`dbt project ${status.dbtProject}`);
  }
  parts.push(counted(status.rules, "rule"));
  parts.push(
    indexing || status.pending > 0
      ? `reading ${counted(status.pending, "file")}`
      : `${counted(status.files, "file")} read`,
  );
  return parts.join(" · ");
}

export function counted(number: number, noun: string, plural = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : plural}`;
}
