"""What the first words of SQL text in code say, where only its beginning is known."""

from __future__ import annotations

import re
from typing import Final

from pipesense.text.regex import regex

_COMMENTS: Final = r"\s*(?:--[^\n]*\n\s*|/\*(?:[^*]|\*(?!/))*\*/\s*)*"
_CHANGES: Final = regex(_COMMENTS + r"(?:insert|update|delete|merge|replace)\b", re.I | re.S)
_SQL: Final = regex(
    _COMMENTS + r"(?:select|insert|update|delete|merge|with|create|drop|truncate|alter|grant|call|copy)\s",
    re.I | re.S,
)


def changes_rows(text: str) -> bool:
    """Whether the text begins like a statement that changes rows."""
    return _CHANGES.match(text) is not None


def is_sql(text: str) -> bool:
    """Whether the text begins like a SQL statement."""
    return _SQL.match(text) is not None
