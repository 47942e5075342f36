"""Columns as editors count them.

The language server protocol lets client and server agree on what one unit of ``Position.character``
is (https://microsoft.github.io/language-server-protocol/, 3.17, "positionEncoding"). Inside PipeSense
a column is always a number of code points; only this module converts.
"""

from __future__ import annotations

from enum import Enum


class PositionEncoding(Enum):
    """The unit in which a client counts columns; values are the protocol's names."""

    UTF8 = "utf-8"
    UTF16 = "utf-16"
    UTF32 = "utf-32"


def _units(character: str, encoding: PositionEncoding) -> int:
    if encoding is PositionEncoding.UTF8:
        return len(character.encode("utf-8", "surrogatepass"))
    return 2 if ord(character) > 0xFFFF else 1


def to_code_points(line: str, units: int, encoding: PositionEncoding) -> int:
    """The code-point column in ``line`` of a column counted in ``units`` of ``encoding``.

    A column beyond the line's end means its end; one inside a character means its start.
    """
    if encoding is PositionEncoding.UTF32 or line.isascii():
        return max(0, min(units, len(line)))
    passed = 0
    for column, character in enumerate(line):
        passed += _units(character, encoding)
        if passed > units:
            return column
    return len(line)


def to_units(line: str, column: int, encoding: PositionEncoding) -> int:
    """The column in units of ``encoding`` of a code-point column of ``line``."""
    if encoding is PositionEncoding.UTF32 or line.isascii():
        return column
    prefix = line[:column]
    if encoding is PositionEncoding.UTF8:
        return len(prefix.encode("utf-8", "surrogatepass"))
    return len(prefix) + sum(1 for character in prefix if ord(character) > 0xFFFF)
