"""Writes changes into a schema file, in the layout that it has."""

from __future__ import annotations

from pipesense.lang.documents.edit import Editor
from pipesense.lang.documents.file import DocumentFile
from pipesense.lang.yaml.nodes import Mapping, Scalar, Sequence
from pipesense.lang.yaml.read import walk
from pipesense.model.avro import AvroField, GiveAvroDefault
from pipesense.model.change import Change, Refusal, Replace
from pipesense.systems.avro.lift import entry, words


def write(change: Change, file: DocumentFile) -> tuple[Replace, ...] | Refusal:
    """The edits of a change, or why there are none."""
    if isinstance(change, GiveAvroDefault):
        return _nullable(change.field, file)
    return Refusal("a schema of Avro has no such setting")


def _nullable(given: AvroField, file: DocumentFile) -> tuple[Replace, ...] | Refusal:
    node = next((each for root in file.roots for each in walk(root) if each.span == given.whole.span), None)
    typed = entry(node, "type") if isinstance(node, Mapping) else None
    if not isinstance(node, Mapping) or typed is None:
        return Refusal("the field is not there any more")
    edits: list[Replace] = []
    text = file.text[typed.value.span.start : typed.value.span.end]
    if isinstance(typed.value, Sequence):
        first = typed.value.items[0] if typed.value.items else None
        if not (isinstance(first, Scalar) and words(first) == "null"):
            return Refusal("the order of the union's branches is part of what was written")
    else:
        edits.append(Replace(given.type_loc, f'["null", {text}]'))
    added = Editor(file.tree, True).add(node, {"default": None}, after=typed)
    if added is None:
        return Refusal("there is no certain place for a default")
    return (*edits, Replace(file.loc(added.span), added.text))
