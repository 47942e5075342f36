"""Quality checks as dbt tests: properties in YAML, and singular tests for what dbt has no generic test of.

Keys by version: ``data_tests`` since dbt 1.8, ``arguments`` below a test since 1.10.5
(docs.getdbt.com/reference/resource-properties/data-tests). Without a known version ``data_tests`` without
``arguments`` is written, which every version from 1.8 on reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from pipesense.model.data import DatasetName
from pipesense.model.quality import CheckPlan, Exists, NotNull, OneOf, ProposedCheck, Unique
from pipesense.quality.naming import label
from pipesense.quality.sql import Writer

_DATA_TESTS: Final = (1, 8)
_ARGUMENTS: Final = (1, 10, 5)


@dataclass(frozen=True, slots=True)
class Properties:
    """The text of a properties file, and singular tests by their names."""

    text: str
    singular: Mapping[str, str]


def dbt_tests(
    plan: CheckPlan, model: str, version: tuple[int, ...] = (), models: Mapping[DatasetName, str] | None = None
) -> Properties:
    """The tests of a model. ``models`` are the names of the models that other tables are."""
    known = dict(models or {})
    by_column: dict[str, list[ProposedCheck]] = {}
    singular: dict[str, str] = {}
    names = tuple((dataset, f"{{{{ ref('{name}') }}}}") for dataset, name in known.items())
    writer = Writer(
        replace(plan, table=f"{{{{ ref('{model}') }}}}", tables=(*names, *plan.tables), dialect=plan.dialect)
    )
    for check in plan.checks:
        if _generic(check, known):
            by_column.setdefault(check.columns[0], []).append(check)
        else:
            comment = f"-- {check.dimension.value} check: {' '.join(check.reason.split())}"
            singular[f"{model}__{label(check.ask)}"] = f"{comment}\n{writer.query(check)}\n"
    return Properties(_properties(model, by_column, version, known), singular)


def _generic(check: ProposedCheck, models: Mapping[DatasetName, str]) -> bool:
    ask = check.ask
    if isinstance(ask, Exists):
        return len(ask.columns) == 1 and ask.target in models
    return isinstance(ask, NotNull | OneOf) or (isinstance(ask, Unique) and len(ask.columns) == 1)


def _properties(
    model: str,
    by_column: Mapping[str, list[ProposedCheck]],
    version: tuple[int, ...],
    models: Mapping[DatasetName, str],
) -> str:
    key = "tests" if version and version < _DATA_TESTS else "data_tests"
    nested = version >= _ARGUMENTS
    lines = ["version: 2", "", "models:", f"  - name: {model}"]
    if by_column:
        lines.append("    columns:")
    for column, checks in by_column.items():
        lines += [f"      - name: {_scalar(column)}", f"        {key}:"]
        for check in checks:
            name, arguments = _test(check, models)
            comment = f"  # {check.dimension.value}: {' '.join(check.reason.split())}"
            if not arguments:
                lines.append(f"          - {name}{comment}")
                continue
            lines.append(f"          - {name}:{comment}")
            lines += ["              arguments:"] if nested else []
            indent = " " * (16 if nested else 14)
            lines += [f"{indent}{each}" for each in arguments]
    return "\n".join(lines) + "\n"


def _test(check: ProposedCheck, models: Mapping[DatasetName, str]) -> tuple[str, list[str]]:
    ask = check.ask
    if isinstance(ask, OneOf):
        quoted = any(value.startswith("'") for value in ask.values)
        listed = f"values: [{', '.join(ask.values)}]"
        return "accepted_values", [listed] if quoted else [listed, "quote: false"]
    if isinstance(ask, Exists):
        return "relationships", [f"to: ref('{models[ask.target]}')", f"field: {_scalar(ask.target_columns[0])}"]
    return ("unique" if isinstance(ask, Unique) else "not_null"), []


def _scalar(name: str) -> str:
    """A name as YAML, quoted where it may be read as something else."""
    return name if name.isidentifier() and name.lower() not in _WORDS else "'" + name.replace("'", "''") + "'"


_WORDS: Final = frozenset({"yes", "no", "on", "off", "true", "false", "null", "y", "n"})
