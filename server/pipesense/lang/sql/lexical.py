"""The few patterns that find the ends of SQL statements: what may hide a ``;``, and what else ends one."""

from __future__ import annotations

import re
from typing import Final

from pipesense.text.regex import regex

# Every alternative starts with a plain character: the regex engine then skips at full speed to the next
# one that matters. An empty group behind it says what was found.
HIDING: Final = r"""
      "\"\"(?:[^"\\]|\\.|"(?!"\"))*"\"\"
    | '''(?=[ \t]*\r?\n)(?:[^'\\]|\\.|'(?!''))*'''
    # A backslash before a quote escapes it, unless the quote is where a string would end.
    | '[^'\\]*(?:(?:''|\\(?!'[ \t]*(?:[,;)\r\n]|\|\||\Z)).|\\(?='))[^'\\]*)*'
    | "[^"\\]*(?:(?:\"\"|\\.)[^"\\]*)*"
    | `[^`]*`
    | --[^\n]*
    | /\*(?P<comment>)
    | \{\#(?:[^#]|\#(?!\}))*\#\}
    | \{%(?:"[^"]*"|'[^']*'|[^"'%{;]|%(?!\})|\{(?![{%\#])){0,4000}%\}
    | \{\{(?:"[^"]*"|'[^']*'|[^"'}{;]|\}(?!\})|\{(?![{%\#])){0,4000}\}\}
    | \$(?P<tag>[A-Za-z_]*)\$.*?\$(?P=tag)\$
    | \#(?<![^\n]\#)(?:(?i:standardSQL|legacySQL)|(?!\w))[^\n]*
    | ['"`](?P<open>)
    | \$[A-Za-z_]*\$(?P<heredoc>)
    | \{[{%\#](?P<template>)
"""
_GO: Final = r"| \n(?:GO|go)(?:[ \t]+\d+)?[ \t]*(?=\r?\n|\Z)(?P<go>)"
FLAGS: Final = re.VERBOSE | re.DOTALL

PLAIN: Final = regex(HIDING + r"| ;(?P<end>)", FLAGS)
"""``lastgroup``: "end" behind a ``;``; "comment" behind ``/*``; "open", "heredoc" or
"template" for one that never closes."""

WITH_GO: Final = regex(HIDING + r"| ;(?P<end>)" + _GO, FLAGS)
"""The same, and "go" at the end of a line that holds only GO."""

GO_LINE: Final = regex(r"GO(?:[ \t]+\d+)?[ \t]*(?:\r?\n|\Z)", re.IGNORECASE)
_BLANK: Final = regex(r"\s*")
_COMMENTED: Final = regex(
    r"(?:[\s\ufeff]+|--[^\n]*|/\*(?:[^*/]|\*(?!/)|/(?!\*))*\*/|\{\#(?:[^#]|\#(?!\}))*\#\}|\#(?<![^\n]\#)[^\n]*)*"
)
_COMMENT_MARK: Final = regex(r"/\*|\*/")


def is_blank(text: str, start: int, stop: int) -> bool:
    """Whether only blanks stand between two offsets."""
    match = _BLANK.match(text, start, stop)
    return match is not None and match.end() == stop


def content_start(text: str, start: int, stop: int) -> int:
    """Where a statement's own words start, behind blanks and comments."""
    match = _COMMENTED.match(text, start, stop)
    return start if match is None else match.end()


def comment_end(text: str, start: int, stop: int) -> int:
    """The end of the block comment that starts here; -1 if it has none before ``stop``.

    Comments nest in some dialects; where the nesting does not come out even to the end of the text, the
    first ``*/`` ends it.
    """
    depth = 0
    first = -1
    for match in _COMMENT_MARK.finditer(text, start, stop):
        if match[0] == "/*":
            depth += 1
        else:
            depth -= 1
            first = match.end() if first < 0 else first
            if depth == 0:
                return match.end()
    return first if stop == len(text) else -1
