"""From edits to findings: units, incremental linking, composition across files, rules, suppressions, fixes."""
