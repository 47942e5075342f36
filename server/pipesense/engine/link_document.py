"""Linking a YAML or JSON file: its tree, and what the systems say that know files of its kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from pipesense.engine.document import Document
from pipesense.engine.index import Key
from pipesense.engine.linked import Linked, Unread
from pipesense.engine.relations import Lookup
from pipesense.engine.report import Counters
from pipesense.lang.documents.file import DocumentFile
from pipesense.lang.documents.parts import Reading
from pipesense.model.where import Loc
from pipesense.systems.system import DocumentSystem, Lifted

_LONGEST: Final = 1_100_000
"""Characters of a document that anybody writes a pipeline in: the services themselves take 1 MB."""

Guard = Callable[[str, Callable[[], Lifted]], "Lifted | None"]
"""Runs one system on one file; a failure costs that system's facts and is logged."""


def claimants(systems: Sequence[DocumentSystem], path: str, text: str) -> tuple[DocumentSystem, ...]:
    """The systems that a file belongs to."""
    if len(text) > _LONGEST:
        return ()
    return tuple(system for system in systems if system.claims(path, text))


def document_file(document: Document, counters: Counters) -> DocumentFile | None:
    """The file with its tree, read anew only after an edit; None for an empty one."""
    if not document.units:
        return None
    unit = document.units[0]
    reading = document.reading
    if reading is None:
        reading = document.reading = Reading(document.language, document.next_id)
    if unit.tree is None:
        counters.units_parsed += 1
        unit.tree = reading.read(unit.text)
    document.parts = reading.parts
    return DocumentFile(document.path, document.language, unit.id, unit.tree, parts=reading.parts)


def told_key(kind: str, name: str) -> Key:
    """Under which the index keeps what a document tells others."""
    return ("told", kind, name)


def link_document(
    document: Document, systems: Sequence[DocumentSystem], counters: Counters, guard: Guard, lookup: Lookup
) -> Linked:
    """Everything a document says; of one that is torn only what no rule takes for the whole."""
    document.released()
    wanted = claimants(systems, document.path, document.text)
    file = document_file(document, counters) if wanted else None
    if file is None:
        return Linked()
    reads: set[Key] = set()

    def ask(kind: str, name: str) -> tuple[object, ...]:
        reads.add(told_key(kind, name))
        return lookup.get(told_key(kind, name))

    file = replace(file, ask=ask)
    found = [guard(system.name, partial(system.lift, file)) for system in wanted]
    lifted = [each for each in found if each is not None]
    return Linked(
        pipelines=tuple(pipeline for each in lifted for pipeline in each.pipelines),
        facts=tuple(fact for each in lifted for fact in (*each.obsolete, *each.facts)),
        sites=tuple(site for each in lifted for site in each.sites),
        unread=tuple(_unread(file)),
        exports={told_key(*key): value for each in lifted for key, value in each.told.items()},
        reads=frozenset(reads),
    )


def _unread(file: DocumentFile) -> list[Unread]:
    problem = file.tree.problem
    if problem is None or file.tree.templated:
        return []
    return [Unread(Loc(file.path, file.unit, problem.span), f"{problem.what}.")]
