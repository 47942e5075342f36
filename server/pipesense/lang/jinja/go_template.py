"""Go's templates in SQL (sql-runner and its like): ``{{if}}`` ... ``{{else}}`` ... ``{{end}}`` choose between texts.

https://pkg.go.dev/text/template#hdr-Actions (Go 1.22). What gives a value is written like Jinja's, so only the actions
that control are told apart.
"""

from __future__ import annotations

from typing import Final

from pipesense.lang.jinja.tags import Tag

_OPENS: Final = {"if": "if", "with": "if", "range": "for"}
"""Actions that an ``end`` closes, and the block of Jinja that they are like."""


def go_actions(found: list[Tag]) -> list[Tag]:
    """The tags of a text; where it is a template of Go, its actions that control are statements as in Jinja.

    Such a template is told by an ``{{end}}``, which Jinja has no use for.
    """
    if not any(tag.kind == "expression" and tag.inner == "end" for tag in found):
        return found
    open_: list[str] = []
    return [_read(tag, open_) if tag.kind == "expression" else tag for tag in found]


def _read(tag: Tag, open_: list[str]) -> Tag:
    if tag.word in _OPENS and not tag.inner[len(tag.word) :].lstrip().startswith(("=", "|", ".", ")")):
        open_.append(_OPENS[tag.word])
        word, condition = open_[-1], tag.inner[len(tag.word) :]
        return tag._replace(kind="statement", word=word, inner=word + condition)
    if tag.word == "else" and open_:
        chained = tag.inner[4:].strip()
        if chained.startswith("if "):
            return tag._replace(kind="statement", word="elif", inner=f"elif{chained[2:]}")
        return tag._replace(kind="statement", word="else", inner="else")
    if tag.inner == "end" and open_:
        word = f"end{open_.pop()}"
        return tag._replace(kind="statement", word=word, inner=word)
    return tag
