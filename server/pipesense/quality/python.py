"""Quality checks as Python code that runs the SQL of a plan and gathers the names of those that found wrong rows."""

from __future__ import annotations

from textwrap import indent

from pipesense.model.quality import CheckPlan
from pipesense.quality.naming import label
from pipesense.quality.sql import Writer


def queries(plan: CheckPlan, name: str) -> list[str]:
    """Lines of a dictionary ``name`` of queries: each returns what is wrong, so no row means that it passed."""
    writer = Writer(plan)
    lines = [f"{name} = {{"]
    for check in plan.checks:
        text = writer.query(check)
        flat = " ".join(text.split())
        quoted = flat.replace("\\", "\\\\").replace('"', '\\"')
        key = label(check.ask)
        if len(flat) <= 90:
            lines.append(f'    "{key}": "{quoted}",')
        else:
            block = indent(text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"'), "        ")
            lines += [f'    "{key}": """', *block.splitlines(), '    """,']
    return [*lines, "}"]
