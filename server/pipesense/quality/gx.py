"""Quality checks as a suite of Great Expectations 1.x (docs.greatexpectations.io, expectations gallery)."""

from __future__ import annotations

import re
from textwrap import indent

from pipesense.model.quality import (
    CheckPlan,
    Fresh,
    HasRows,
    InOrder,
    InRange,
    Matches,
    NotNull,
    OneOf,
    ProposedCheck,
    Unique,
)
from pipesense.quality.dialects import EXPRESSIONS
from pipesense.quality.propose import by_dimension
from pipesense.quality.sql import Writer


def suite(plan: CheckPlan) -> str:
    """A module with one function that makes the suite."""
    # Queries name the table and not {batch}: a slice of it has other totals than its source.
    writer = Writer(plan)
    checks = [check for _, checks in by_dimension(plan.checks) for check in checks]
    name = re.sub(r"\W+", "_", str(plan.dataset)).strip("_")
    clock = any(isinstance(check.ask, Fresh) for check in checks)
    lines = [f'"""What must be true of {plan.dataset}."""', ""]
    lines += ["from datetime import datetime, timedelta", ""] if clock else []
    lines += ["import great_expectations as gx", "import great_expectations.expectations as gxe", "", ""]
    lines += [f"def {name}_suite() -> gx.ExpectationSuite:"]
    lines += [f'    """The expectations of {plan.dataset}."""']
    lines += ["    return gx.ExpectationSuite(", f'        name="{name}",', "        expectations=["]
    for check in checks:
        comment = f"# {check.dimension.value}: {' '.join(check.reason.split())}"
        lines.append(indent(f"{comment}\n{expectation(check, writer)},", " " * 12))
    return "\n".join([*lines, "        ],", "    )", ""])


def expectation(check: ProposedCheck, writer: Writer) -> str:
    """A check as an expectation; ``gxe`` is great_expectations.expectations."""
    ask = check.ask
    match ask:
        case NotNull():
            return f"gxe.ExpectColumnValuesToNotBeNull(column={quoted(ask.column)})"
        case Unique() if len(ask.columns) == 1:
            return f"gxe.ExpectColumnValuesToBeUnique(column={quoted(ask.columns[0])})"
        case Unique():
            listed = ", ".join(map(quoted, ask.columns))
            return f"gxe.ExpectCompoundColumnsToBeUnique(column_list=[{listed}])"
        case InRange():
            bounds = [f"min_value={ask.minimum}"] if ask.minimum else []
            bounds += [f"max_value={ask.maximum}"] if ask.maximum else []
            return f"gxe.ExpectColumnValuesToBeBetween(column={quoted(ask.column)}, {', '.join(bounds)})"
        case Matches():
            whole = quoted(f"^{EXPRESSIONS[ask.pattern]}$")
            return f"gxe.ExpectColumnValuesToMatchRegex(column={quoted(ask.column)}, regex={whole})"
        case OneOf():
            listed = ", ".join(map(literal, ask.values))
            return f"gxe.ExpectColumnValuesToBeInSet(column={quoted(ask.column)}, value_set=[{listed}])"
        case InOrder():
            return (
                f"gxe.ExpectColumnPairValuesAToBeGreaterThanB(\n    column_A={quoted(ask.second)}, "
                f'column_B={quoted(ask.first)}, or_equal=True, ignore_row_if="either_value_is_missing"\n)'
            )
        case Fresh():
            limit = f"datetime.now() - timedelta(hours={ask.hours})"
            limit = f"({limit}).date()" if ask.whole_days else limit
            return f"gxe.ExpectColumnMaxToBeBetween(column={quoted(ask.column)}, min_value={limit})"
        case HasRows():
            return "gxe.ExpectTableRowCountToBeBetween(min_value=1)"
        case _:
            query = indent(writer.query(check), " " * 8)
            return f'gxe.UnexpectedRowsExpectation(\n    unexpected_rows_query="""\n{query}\n    """\n)'


def quoted(text: str) -> str:
    """A text as a literal of Python."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def literal(value: str) -> str:
    """A SQL literal as Python."""
    return quoted(value[1:-1].replace("''", "'")) if value.startswith("'") else value
