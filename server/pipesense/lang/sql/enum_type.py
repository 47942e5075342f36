"""Types that list their values: ``CREATE TYPE mood AS ENUM ('sad', 'happy')``."""

from __future__ import annotations

import re
from typing import Final

from pipesense.model.sql import StatementFacts
from pipesense.text.regex import regex

_ENUM: Final = regex(
    r"(?:\s|--[^\n]*\n|/\*(?:[^*]|\*(?!/))*\*/)*CREATE\s+TYPE\s+(?P<name>[\w.\"]+)\s+AS\s+ENUM\s*(?P<values>\(\s*(?:'(?:[^']|'')*'(?!')\s*,?\s*)+\))\s*;?\s*",
    re.I | re.S,
)


def enum_type(facts: StatementFacts, text: str) -> tuple[str, str] | None:
    """The innermost name in lower case, and the type as ``ENUM('sad','happy')``; ``text`` is the unit's."""
    if facts.kind != "create" or facts.table is not None:
        return None
    found = _ENUM.fullmatch(text)
    if found is None:
        return None
    values = re.findall(r"'(?:[^']|'')*'", found["values"])
    return found["name"].rpartition(".")[2].strip('"').lower(), f"ENUM({','.join(values)})"
