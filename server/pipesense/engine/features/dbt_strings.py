"""Models and sources that Python names in strings: what is handed to dbt's command line, or to who calls it."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from typing import Final

from pipesense.text.buffer import TextBuffer
from pipesense.text.regex import regex
from pipesense.text.span import Span

_COMMAND: Final = regex(r"\bdbt\b|--(?:select|models?|exclude)\b")
_ARGUMENT: Final = regex(
    r"\b(?:select|exclude|models?|dbt_select|selectors?|source_name|model_name)['\"]?\s*[=:]\s*[\[({]?[\s\w'\",+@*.:-]*\Z"
)
_LOOK_BACK: Final = 400


def names_in_strings(text: str, word: str) -> Iterator[Span]:
    """Where a name stands in strings that seem to choose models of dbt; nothing for a file that Python cannot read."""
    if word.lower() not in text.lower() or "dbt" not in text.lower():
        return
    starts = TextBuffer(text).lines
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        return
    wanted = re.compile(rf"(?<![\w.]){re.escape(word)}(?![\w])", re.IGNORECASE)
    for token in tokens:
        if token.type != tokenize.STRING and tokenize.tok_name[token.type] != "FSTRING_MIDDLE":
            continue
        start = starts.offset(token.start[0] - 1, token.start[1])
        end = starts.offset(token.end[0] - 1, token.end[1])
        written = text[start:end]
        before = text[max(0, start - _LOOK_BACK) : start]
        if _COMMAND.search(written) is None and _ARGUMENT.search(before) is None:
            continue
        for match in wanted.finditer(written):
            yield Span(start + match.start(), start + match.end())
