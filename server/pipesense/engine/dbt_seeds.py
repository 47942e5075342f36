"""A dbt seed as a relation: the columns that the first line of its CSV file names."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence

from pipesense.model.data import Column, DatasetName, Relation
from pipesense.model.where import Loc
from pipesense.text.span import Span


def seed_relation(text: str, path: str, name: str, folder: str) -> Relation | None:
    """The relation of a seed, None where a column has no name."""
    line = next(iter(text.splitlines()), "")
    header = next(csv.reader([line]), [])
    columns = tuple(
        Column(each.strip(), "", None, Loc(path, 0, at))
        for each, at in zip(header, _fields(line, header), strict=True)
        if each.strip()
    )
    if not columns or len(columns) != len(header):
        return None
    loc = Loc(path, 0, Span(0, 0))
    return Relation(DatasetName((name.lower(),)), columns, (), (), loc, kind="seed", parts=(name,), project=folder)


def _fields(line: str, header: Sequence[str]) -> Iterator[Span]:
    """Where the names of a CSV's first line stand, without quotes and blanks."""
    end = 0
    for each in header:
        name = each.strip()
        at = line.find(name, end)
        start = at if at >= 0 else end
        end = start + (len(name) if at >= 0 else 0)
        yield Span(start, end)
