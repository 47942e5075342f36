"""A catalogue of relations from a few texts, without a workspace."""

from __future__ import annotations

from collections.abc import Sequence

from pipesense.engine.relations import Answers, Relations
from pipesense.lang.sql.bind import Binder
from pipesense.lang.sql.facts import read_statement
from pipesense.lang.sql.relation import Definitions, relation
from pipesense.lang.sql.split import split
from pipesense.model.columns import Columns, OutColumn
from pipesense.model.data import Relation
from pipesense.model.sql import Statement
from pipesense.model.where import Loc
from pipesense.text.span import Span


class Exports:
    """What files say of relations, by key."""

    def __init__(self, files: Sequence[str], dialect: str = "") -> None:
        self.values: dict[tuple[str, ...], list[tuple[Relation, ...]]] = {}
        for number, text in enumerate(files):
            for one in script(text, dialect, f"/{number}.sql")[1].relations():
                self.values.setdefault(("relation", one.dataset.table), []).append((one,))

    def get(self, key: tuple[str, ...]) -> tuple[object, ...]:
        return tuple(self.values.get(key, ()))


def script(text: str, dialect: str = "", path: str = "/f.sql") -> tuple[list[Statement], Definitions]:
    """The statements of a script with what earlier ones defined, and all that it defines."""
    definitions = Definitions(Loc(path, 0, Span(0, 0)))
    statements: list[Statement] = []
    for number, cut in enumerate(split(text)):
        facts = read_statement(text[cut.start : cut.end], dialect)
        if not facts.kind and not facts.error:
            continue
        loc = Loc(path, number, Span(0, cut.end - cut.start))
        local = definitions.read_by(facts)
        statements.append(Statement(facts, loc, (), local))
        definitions.add(facts, relation(facts, loc, local))
    return statements, definitions


def binder(text: str, *files: str, dialect: str = "") -> Binder:
    """The answers for the last statement of a script; ``files`` are the other scripts of the workspace."""
    return Answers(Relations(Exports(files, dialect))).of(script(text, dialect)[0][-1])[0]


def shown(columns: Columns) -> str:
    """Columns on one line: names with families where known, ``?`` behind those that may be NULL, ``...`` if open."""
    words = [_column(column) for column in columns.columns]
    return ", ".join([*words, *(["..."] if columns.opened is not None else [])])


def _column(column: OutColumn) -> str:
    family = f":{column.type.family.value}" if column.type.is_known else ""
    null = {True: "?", False: "!", None: ""}[column.nullable]
    return f"{column.name or '-'}{family}{null}"
