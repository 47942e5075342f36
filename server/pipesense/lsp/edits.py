"""Text edits as a WorkspaceEdit, in the form that the client can apply."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from lsprotocol import types

from pipesense.lsp.capabilities import ClientProfile
from pipesense.text.buffer import TextBuffer
from pipesense.text.edit import TextEdit
from pipesense.text.encoding import PositionEncoding
from pipesense.text.span import Span

_OTHER_FILE: Final = "other-file"
_NEW_FILE: Final = "new-file"
_GUESSED: Final = "guessed"
_ANNOTATIONS: Final = {
    _OTHER_FILE: types.ChangeAnnotation(
        label="Changes in other files", needs_confirmation=True, description="The fix also changes this file."
    ),
    _GUESSED: types.ChangeAnnotation(
        label="May be the same name",
        needs_confirmation=True,
        description="The name stands in a string or a template; whether it means the same cannot be told for sure.",
    ),
    _NEW_FILE: types.ChangeAnnotation(
        label="New files", needs_confirmation=False, description="The fix adds this file."
    ),
}

_Edit = types.TextEdit | types.AnnotatedTextEdit


@dataclass(frozen=True, slots=True)
class EditWriter:
    """Writes edits for one client.

    ``text_of`` gives the text that the edits' offsets refer to, ``version_of`` the version of an open document.
    """

    profile: ClientProfile
    encoding: PositionEncoding
    uri_of: Callable[[str], str]
    text_of: Callable[[str], TextBuffer | None]
    version_of: Callable[[str], int | None]

    def unquestioned(self) -> EditWriter:
        """The same for what somebody asked for in full: VS Code leaves out what nobody confirmed."""
        return replace(self, profile=replace(self.profile, annotations=False))

    def workspace_edit(
        self,
        home: str,
        edits: Mapping[str, Iterable[TextEdit]],
        creates: Mapping[str, str] | None = None,
        moves: Mapping[str, str] | None = None,
    ) -> types.WorkspaceEdit:
        """All edits, new files and new names of files in one, the edits under the files' old names.

        ``home`` is the path of the document in which the user asked.
        """
        collected = _Collected()
        for path, text in (creates or {}).items():
            collected.add_new(self, path, text)
        for path, of_file in edits.items():
            collected.add(self, path, home, of_file)
        for old, new in (moves or {}).items():
            collected.changes.append(types.RenameFile(self.uri_of(old), self.uri_of(new)))
        return collected.result(self)

    def renaming(
        self,
        edits: Mapping[str, Iterable[TextEdit]],
        unsure: Mapping[str, Iterable[TextEdit]],
        moves: Mapping[str, str],
    ) -> types.WorkspaceEdit:
        """A rename: what was asked for, unquestioned, and what somebody has to confirm.

        A client in which nobody can confirm anything gets none of the latter.
        """
        can_ask = self.profile.annotations and self.profile.document_changes
        collected = _Collected()
        for path in dict.fromkeys((*edits, *(unsure if can_ask else ()))):
            sure, guessed = list(edits.get(path, ())), list(unsure.get(path, ())) if can_ask else []
            guessed = [each for each in guessed if not any(each.span.overlaps(other.span) for other in sure)]
            collected.add_renamed(self, path, sure, guessed)
        for old, new in moves.items():
            collected.changes.append(types.RenameFile(self.uri_of(old), self.uri_of(new)))
        return collected.result(self)

    def range(self, span: Span, buffer: TextBuffer) -> types.Range:
        """A range in the client's units."""
        start = buffer.lines.client_position(span.start, self.encoding)
        end = buffer.lines.client_position(span.end, self.encoding)
        return types.Range(types.Position(*start), types.Position(*end))

    def text_edits(self, path: str, edits: Iterable[TextEdit]) -> list[types.TextEdit]:
        """Edits of one file in the client's units."""
        buffer = self.text_of(path) or TextBuffer("")
        return [types.TextEdit(self.range(edit.span, buffer), edit.text) for edit in edits]


@dataclass(slots=True)
class _Collected:
    plain: dict[str, list[types.TextEdit]] = field(default_factory=dict)
    changes: list[types.TextDocumentEdit | types.CreateFile | types.RenameFile | types.DeleteFile] = field(
        default_factory=list
    )
    annotations: set[str] = field(default_factory=set)

    def add_new(self, writer: EditWriter, path: str, text: str) -> None:
        uri = writer.uri_of(path)
        note = self._note(writer, _NEW_FILE)
        if writer.profile.create_files:
            # An existing file is never overwritten: the client then refuses the whole edit.
            options = types.CreateFileOptions(overwrite=False, ignore_if_exists=False)
            self.changes.append(types.CreateFile(uri, options=options, annotation_id=note))
        # A client that cannot be told to create a file makes one when it is edited.
        self._edit(uri, None, [types.TextEdit(_start(), text)], note)

    def add(self, writer: EditWriter, path: str, home: str, edits: Iterable[TextEdit]) -> None:
        note = self._note(writer, _OTHER_FILE) if path != home else None
        self._edit(writer.uri_of(path), writer.version_of(path), writer.text_edits(path, edits), note)

    def add_renamed(self, writer: EditWriter, path: str, sure: list[TextEdit], guessed: list[TextEdit]) -> None:
        uri = writer.uri_of(path)
        if guessed:
            self.annotations.add(_GUESSED)
        noted: list[_Edit] = []
        for edit in sorted((*sure, *guessed), key=lambda each: each.span):
            (made,) = writer.text_edits(path, [edit])
            is_sure = edit in sure
            noted.append(made if is_sure else types.AnnotatedTextEdit(_GUESSED, made.range, made.new_text))
            if is_sure:
                self.plain.setdefault(uri, []).append(made)
        document = types.OptionalVersionedTextDocumentIdentifier(uri, writer.version_of(path))
        self.changes.append(types.TextDocumentEdit(document, noted))

    def result(self, writer: EditWriter) -> types.WorkspaceEdit:
        if not writer.profile.document_changes:
            return types.WorkspaceEdit(changes=self.plain)
        notes = {name: _ANNOTATIONS[name] for name in sorted(self.annotations)}
        return types.WorkspaceEdit(document_changes=self.changes, change_annotations=notes or None)

    def _note(self, writer: EditWriter, name: str) -> str | None:
        if not (writer.profile.annotations and writer.profile.document_changes):
            return None
        self.annotations.add(name)
        return name

    def _edit(self, uri: str, version: int | None, edits: list[types.TextEdit], note: str | None) -> None:
        self.plain.setdefault(uri, []).extend(edits)
        noted: list[_Edit] = [
            types.AnnotatedTextEdit(note, edit.range, edit.new_text) if note is not None else edit for edit in edits
        ]
        document = types.OptionalVersionedTextDocumentIdentifier(uri, version)
        self.changes.append(types.TextDocumentEdit(document, noted))


def _start() -> types.Range:
    return types.Range(types.Position(0, 0), types.Position(0, 0))
