"""Text edits: values that say what to replace, and how to apply several of them at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pipesense.text.common import common_end, common_start
from pipesense.text.span import Span


class OverlappingEdits(ValueError):
    """Two edits of one set touch the same characters, so their result would depend on their order."""


@dataclass(frozen=True, slots=True, order=True)
class TextEdit:
    """Replace the characters of ``span`` by ``text``; an empty span inserts. Offsets are into one file."""

    span: Span
    text: str


def apply_edits(text: str, edits: Iterable[TextEdit]) -> str:
    """``text`` with all edits applied at once; every span refers to the text as it was before.

    Insertions at one place are applied in the order given.

    Raises:
        OverlappingEdits: two edits replace a common character.
    """
    parts: list[str] = []
    done = 0
    for edit in sorted(edits, key=lambda edit: (edit.span.start, edit.span.end)):
        if edit.span.start < done:
            raise OverlappingEdits(f"an edit at offset {edit.span.start} overlaps the one before it")
        parts += (text[done : edit.span.start], edit.text)
        done = edit.span.end
    return "".join((*parts, text[done:]))


def trim(text: str, edit: TextEdit) -> TextEdit:
    """The same edit without the common start and end of old and new characters."""
    old, new = edit.span.of(text), edit.text
    head = common_start(old, new)
    tail = common_end(old, new, head)
    span = Span(edit.span.start + head, edit.span.end - tail)
    return TextEdit(span, new[head : len(new) - tail])
