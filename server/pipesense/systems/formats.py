"""How the usual file formats lay rows down, for hovers where a file is read or written."""

from __future__ import annotations

from typing import Final

_COLUMNS: Final = frozenset({"parquet", "orc"})
_ARROW: Final = frozenset({"feather", "ipc"})
_LINES: Final = frozenset({"csv", "json", "text", "xml", "ndjson"})


def stored_as(name: str) -> str:
    """What a format ("parquet") means for those who read it; "" for one that is none of these."""
    named = name.lower()
    if named in _COLUMNS:
        return (
            "Column by column, with types and statistics in each file: a reader opens the columns that it names, and "
            "skips blocks that its filter rules out."
        )
    if named in _ARROW:
        return "Column by column, with types: a reader opens the columns that it names."
    if named == "avro":
        return "Row by row, with the schema in each file: good to hand on whole rows, slow to ask for columns."
    if named in _LINES:
        return "Text without types: every reader parses every column, and guesses or is told what they are."
    return ""
