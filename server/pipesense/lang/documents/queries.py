"""What SQL in a document reads and writes, as far as it stands there whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Final

from pipesense.model.data import Access
from pipesense.model.sql import StatementFacts
from pipesense.model.where import Loc

_HOLES: Final = ("${", "{%", "{{", "States.")
_LONGEST: Final = 20_000


def accesses_in(texts: Iterable[tuple[str, Loc]], dialect: str) -> tuple[Access, ...]:
    """The accesses of some texts, each at the place of its text; none of a text that is filled in later."""
    from pipesense.lang.sql.accesses import accesses

    found: list[Access] = []
    for text, loc in texts:
        if len(text) > _LONGEST or any(hole in text for hole in _HOLES):
            continue
        for facts in _statements(text, dialect):
            found += (replace(each, loc=loc) for each in accesses(facts, loc))
    return tuple(found)


@lru_cache(maxsize=256)
def _statements(text: str, dialect: str) -> tuple[StatementFacts, ...]:
    """Read once, however often something else is typed in the file."""
    from pipesense.lang.sql.facts import read_statement
    from pipesense.lang.sql.split import split

    return tuple(read_statement(text[cut.start : cut.end], dialect) for cut in split(text))
