"""Edits of a document in the manner of the file, whichever language it is in."""

from __future__ import annotations

from dataclasses import dataclass

from pipesense.lang.json import edit as json_edit
from pipesense.lang.yaml import edit as yaml_edit
from pipesense.lang.yaml.edit import Value
from pipesense.lang.yaml.nodes import Entry, Mapping, Sequence
from pipesense.lang.yaml.read import YamlFile
from pipesense.text.edit import TextEdit


@dataclass(frozen=True, slots=True)
class Editor:
    """Writes into one tree; ``is_json``: its text is JSON, be it inside a YAML file."""

    file: YamlFile
    is_json: bool

    def add(self, node: Mapping, entries: dict[str, Value], after: Entry | None = None) -> TextEdit | None:
        """Add keys to a mapping, behind ``after`` or at its end; None where there is no certain place."""
        if self.is_json:
            root = self.file.root
            return json_edit.add_entries(self.file.text, root, node, entries, after=after) if root is not None else None
        edits = [yaml_edit.add_entry(self.file, node, key, value, after=after) for key, value in entries.items()]
        if not edits or any(edit is None for edit in edits):
            return None
        whole = [edit for edit in edits if edit is not None]
        return TextEdit(whole[0].span, "".join(edit.text for edit in whole))

    def append(self, node: Sequence, value: Value) -> TextEdit | None:
        """Add a value to the end of a list."""
        if self.is_json:
            root = self.file.root
            return json_edit.add_item(self.file.text, root, node, value) if root is not None else None
        return yaml_edit.add_item(self.file, node, value)

    def number(self, entry: Entry, value: int) -> TextEdit:
        """Another number as the value of a key."""
        return TextEdit(entry.value.span, str(value))
