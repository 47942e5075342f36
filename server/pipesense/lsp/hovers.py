"""Hovers in the form that the client shows."""

from __future__ import annotations

import re
from typing import Final

from lsprotocol import types

from pipesense.text.regex import regex

_FENCE: Final = regex(r"^\s*(```+|~~~+).*$")
_HEADING: Final = regex(r"^#{1,6}\s+(.*?)\s*#*$")
_RULE: Final = regex(r"^\s*([-*_])(?:\s*\1){2,}\s*$")
_COMMENT: Final = regex(r"<!--.*?-->", re.DOTALL)
_LINK: Final = regex(r"!?\[([^\]]*)\]\(([^()\s]*)(?:\s+\"[^\"]*\")?\)")
_CODE: Final = regex(r"(`+)(.+?)\1")
_STRONG: Final = regex(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_EMPHASIS: Final = regex(r"(?<![\w*])([*_])(?=\S)([^*_\n]+?)(?<=\S)\1(?![\w*])")
_ESCAPE: Final = regex(r"\\([\\`*_{}\[\]()#+\-.!|<>~])")
_HIDDEN: Final = 0xE000
"""Escaped characters wait in the private use area while marks are removed."""
_HIDDEN_CHARACTER: Final = regex("[\ue000-\ue07f]")


def markup(markdown: str, wants_markdown: bool) -> types.MarkupContent:
    """Markdown as it is, or as plain text for a client that shows nothing else."""
    if wants_markdown:
        return types.MarkupContent(types.MarkupKind.Markdown, markdown)
    return types.MarkupContent(types.MarkupKind.PlainText, plain_text(markdown))


def plain_text(markdown: str) -> str:
    """What the Markdown says, without its marks; code blocks are indented and otherwise untouched."""
    lines: list[str] = []
    fence: str | None = None
    for line in _COMMENT.sub("", markdown).split("\n"):
        mark = _FENCE.match(line)
        if fence is None and mark is not None:
            fence = mark.group(1)
        elif fence is not None and line.strip() == fence:
            fence = None
        elif fence is not None:
            lines.append(f"    {line}" if line.strip() else "")
        elif _RULE.match(line):
            lines.append("")
        else:
            lines.append(_plain_line(line))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n").rstrip()


def _plain_line(line: str) -> str:
    heading = _HEADING.match(line)
    if heading is not None:
        return _inline(heading.group(1)).upper() if line.startswith("# ") else _inline(heading.group(1)) + ":"
    return _inline(line)


def _inline(text: str) -> str:
    """Inline marks removed; what stands in backquotes is kept to the letter."""
    parts: list[str] = []
    done = 0
    for code in _CODE.finditer(text):
        parts += (_prose(text[done : code.start()]), code.group(2).strip())
        done = code.end()
    return "".join((*parts, _prose(text[done:])))


def _prose(text: str) -> str:
    text = _ESCAPE.sub(lambda escape: chr(_HIDDEN + ord(escape[1])), text)
    text = _LINK.sub(lambda link: f"{link[1]} ({link[2]})" if _is_address(link[2]) else link[1], text)
    text = _STRONG.sub(r"\2", text)
    text = _EMPHASIS.sub(r"\2", text)
    return _HIDDEN_CHARACTER.sub(lambda hidden: chr(ord(hidden[0]) - _HIDDEN), text)


def _is_address(target: str) -> bool:
    return target.startswith(("http://", "https://"))
