"""How right the loud findings are, which rules nobody has judged yet, and how loud well-kept projects get."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from corpus_model import Hit, Run, Verdict

LOUD = ("error", "warning")
AT_LEAST = 95.0
"""Per cent of the findings that were read and are right, of all errors and warnings."""
MOST = 0.3
"""Errors and warnings per file on a well-kept project, from all rules together."""

WELL_KEPT = (
    "dbt-labs/jaffle-shop",
    "dbt-labs/jaffle_shop_duckdb",
    "dbt-labs/dbt-utils",
    "fivetran/dbt_stripe",
    "meltano/squared",
    "mattermost/mattermost-data-warehouse",
    "cal-itp/data-infra",
    "mitodl/ol-data-platform",
    "mozilla/bigquery-etl",
)
"""Projects whose models are reviewed and run in production, or are shown as an example by those who make the tool."""

_ID = re.compile(r'^\s+id="([a-z-]+/[a-z0-9-]+)"', re.MULTILINE)
_SEVERITY = re.compile(r"Severity\.(ERROR|WARNING)\b")


def loud_rules(folder: Path) -> frozenset[str]:
    """The ids of the rules in a folder that may say something as an error or a warning."""
    texts = (file.read_text(encoding="utf-8") for file in folder.rglob("*.py"))
    return frozenset(found[1] for text in texts if _SEVERITY.search(text) and (found := _ID.search(text)))


def precision(runs: Sequence[Run], judged: Mapping[Hit, Verdict], rules: frozenset[str]) -> list[str]:
    """Lines of Markdown: a table of the loud rules, the sum, and what nobody has read."""
    groups: dict[str, list[Hit]] = defaultdict(list)
    for run in runs:
        for hit in run.hits:
            if hit.severity in LOUD:
                groups[hit.rule].append(hit)
    lines = [
        "| rule | errors and warnings | read | right | wrong | arguable | right of read |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    total: Counter[str] = Counter()
    for name, group in sorted(groups.items()):
        said = Counter(judged[hit].judgement for hit in group if hit in judged)
        total += said
        lines.append(_row(name, len(group), said))
    lines.append(_row("all", sum(map(len, groups.values())), total))
    reached = total["right"] * 100 >= AT_LEAST * total.total() if total else False
    lines += ["", f"At least {AT_LEAST:.0f} % of those read are right: {'yes' if reached else 'no'}."]
    unread = sorted(name for name, group in groups.items() if not any(hit in judged for hit in group))
    lines += ["", f"Errors or warnings, and none of them read: {', '.join(unread) or 'no rule'}."]
    silent = sorted(rules - set(groups))
    if rules:
        lines += ["", f"Silent on these projects as errors and warnings: {', '.join(silent) or 'no rule'}."]
    return lines


def _row(name: str, count: int, said: Counter[str]) -> str:
    read = said.total()
    share = f"{100 * said['right'] / read:.1f} %" if read else "–"
    return f"| {name} | {count} | {read} | {said['right']} | {said['wrong']} | {said['arguable']} | {share} |"


def loudness(runs: Sequence[Run]) -> list[str]:
    """Lines of Markdown: errors and warnings per file of the well-kept projects."""
    lines = ["| project | files | errors and warnings | per file | at most 0.3 |", "| --- | ---: | ---: | ---: | --- |"]
    for run in runs:
        if run.project in WELL_KEPT and run.files:
            count = sum(hit.severity in LOUD for hit in run.hits)
            reached = "yes" if count <= MOST * run.files else "**no**"
            lines.append(f"| {run.project} | {run.files} | {count} | {count / run.files:.3f} | {reached} |")
    return lines if len(lines) > 2 else []
