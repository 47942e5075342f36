"""Words in scripts that are for the client that runs them and not for the database."""

from __future__ import annotations

import re
from typing import Final

from pipesense.lang.sql.lexical import content_start
from pipesense.text.regex import regex

_NOT_BREAK: Final = regex(r"[^\r\n]")
_HEAD: Final = regex(r"---[ \t]*\r?\n\w[\w-]*:(?:.*\r?\n)*?---[ \t]*(?:\r?\n|\Z)")
"""YAML between two rules at the top of a file, for what runs it (gusty, absql)."""
_HASH_LINES: Final = regex(r"/\*.*?\*/|\{#.*?#\}|--[^\n]*|^(?P<hash>#[^\n]*)", re.MULTILINE | re.DOTALL)
"""Lines that start with ``#``; inside another kind of comment they belong to that."""
_TABLE_WORDS: Final = regex(r"\b(?:ROWGUIDCOL|NOT[ \t]+FOR[ \t]+REPLICATION)\b", re.IGNORECASE)
"""T-SQL properties of a column that say nothing of its values; no parser here knows them."""
_CREATE_TABLE: Final = regex(r"CREATE\s+TABLE\b", re.IGNORECASE)
_OUTER_MARK: Final = regex(r"(?<=[\w\"\]])(?:[ \t]*\(\+\))")
"""Oracle's older outer joins, ``a.id = b.id (+)``; elsewhere the parser takes the column for a function."""
_TRAILING_GO: Final = regex(r"\n[ \t]*GO(?:[ \t]+\d+)?\s*\Z", re.IGNORECASE)
_TRAILING_COMMAND: Final = regex(r"\\g\w*[^\n;]*\s*\Z")
_SLASH_LINE: Final = regex(r"/[ \t]*(?:\r?\n|\Z)")
_TRAILING_SLASH: Final = regex(r"\n/[ \t]*\s*\Z")
_RUNS_OTHERS: Final = regex(r"\\(?:(?P<file>i|ir|include|include_relative)|gexec|lo_import)\b")
_COPY: Final = regex(r"\\copy\b")
_LONE_GO: Final = regex(r"GO(?:[ \t]+\d+)?\s*\Z", re.IGNORECASE)
_DELIMITER: Final = regex(r"DELIMITER[ \t]+\S+\s*\Z", re.IGNORECASE)
_MYSQL_END: Final = regex(r"\bEND[ \t]*(//|\$\$|;;)\s*\Z", re.IGNORECASE)
_STDIN: Final = regex(r"COPY\b[^;]*\bFROM\s+STDIN\b[^;]*;", re.IGNORECASE)


def without_client_words(text: str) -> tuple[str, str]:
    """The text with such words blanked, as long as before; or the command, if the whole statement is one.

    The commands are "psql" ("psql \\i" for one that runs a file, "psql \\g" for one that runs or brings what is not
    seen), "go" and "delimiter". Blanked are the backslash of psql's ``\\copy``, which is COPY with the client's files,
    GO behind a statement, the lone ``/`` of SQL*Plus, the terminator of a
    DELIMITER, the data behind COPY ... FROM stdin, lines in front that start with ``#``, YAML at the top,
    and Oracle's marks of outer joins.
    """
    if text.startswith("---"):
        text = _HEAD.sub(_blank_all, text, 1)
    start = content_start(text, 0, len(text))
    if text.startswith("\\", start):
        if _COPY.match(text, start) is not None:
            return f"{text[:start]} {text[start + 1 :]}", ""
        others = _RUNS_OTHERS.match(text, start)
        return text, "psql" if others is None else "psql \\i" if others["file"] else "psql \\g"
    if _LONE_GO.match(text, start) is not None:
        return text, "go"
    if _DELIMITER.match(text, start) is not None:
        return text, "delimiter"
    if text.startswith("/", start) and (slash := _SLASH_LINE.match(text, start)) is not None:
        # SQL*Plus runs what stands before such a line; nothing else can start with it.
        text = text[:start] + " " + text[slash.start() + 1 :]
    if "#" in text[:start]:
        text = _HASH_LINES.sub(_blank_match, text[:start]) + text[start:]
    if "(+)" in text:
        text = _OUTER_MARK.sub(_blank_all, text)
    if _CREATE_TABLE.match(text, start) is not None:
        text = _TABLE_WORDS.sub(_blank_all, text)
    data = _STDIN.match(text, start)
    if data is not None:
        return text[: data.end()] + _NOT_BREAK.sub(" ", text[data.end() :]), ""
    for pattern, group in ((_TRAILING_GO, 0), (_MYSQL_END, 1), (_TRAILING_COMMAND, 0), (_TRAILING_SLASH, 0)):
        match = pattern.search(text, max(start, len(text) - 200))
        if match is not None:
            first, last = match.span(group)
            text = text[:first] + _NOT_BREAK.sub(" ", text[first:last]) + text[last:]
    return text, ""


def _blank_all(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _blank_match(match: re.Match[str]) -> str:
    return " " * len(match[0]) if match["hash"] else match[0]
