"""A project in which files come, change and go, for comparing what is shown with what a fresh look says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipesense.engine.workspace import Workspace
from pipesense.host.rulepacks import load_registry
from pipesense.text.encoding import PositionEncoding
from support.memory import ROOT, MemoryFiles, settle, workspace

REGISTRY = load_registry()


class Project:
    """A workspace, the disk that it reads, and what editors show; ``variants`` are the texts that a file may have."""

    def __init__(self, variants: Mapping[str, Sequence[str]], texts: Mapping[str, str]) -> None:
        self.variants = variants
        self.made: Workspace = workspace(texts, registry=REGISTRY)
        self.disk: dict[str, str] = {f"{ROOT}/{name}": text for name, text in texts.items()}
        self.shown: dict[str, str] = {}
        self._sync()

    def do(self, step: str, name: str, number: int, other: str) -> None:
        path, text = f"{ROOT}/{name}", self.variants[name][number % len(self.variants[name])]
        is_source = name.endswith((".py", ".sql"))
        if step == "write":
            self._write({path: text})
        elif step == "delete":
            self._write({path: None})
        elif step == "rename" and path in self.disk and self.variants[other] is self.variants[name]:
            self._write({path: None, f"{ROOT}/{other}": self.disk[path]})
        elif step == "open" and is_source and path not in self.shown:
            self.shown[path] = text if number % 2 else self.disk.get(path, "")
            self.made.open(path, self.shown[path])
        elif step == "edit" and path in self.shown:
            self._edit(path, text)
        elif step == "close" and path in self.shown:
            del self.shown[path]
            self.made.close(path)

    def _write(self, texts: dict[str, str | None]) -> None:
        for path, text in texts.items():
            if text is None:
                self.disk.pop(path, None)
            else:
                self.disk[path] = text
        self._sync()
        self.made.touched(texts)

    def _sync(self) -> None:
        files = self.made._files
        assert isinstance(files, MemoryFiles)
        files.texts = self.disk

    def _edit(self, path: str, text: str) -> None:
        """Exchange what differs, as somebody who types does."""
        old, most = self.shown[path], min(len(self.shown[path]), len(text))
        head = next((at for at in range(most) if old[at] != text[at]), most)
        tail = next((at for at in range(most - head) if old[-1 - at] != text[-1 - at]), most - head)
        buffer = self.made.text(path)
        assert buffer is not None
        start, end = buffer.lines.position(head), buffer.lines.position(len(old) - tail)
        self.made.change(path, start, end, text[head : len(text) - tail], PositionEncoding.UTF32)
        self.shown[path] = text

    def look(self, how: str, name: str) -> None:
        if how == "settle":
            settle(self.made)
        elif how == "step":
            for _ in range(3):
                self.made.step()
        elif how == "analyse" and f"{ROOT}/{name}" in self.shown:
            self.made.analyse(f"{ROOT}/{name}")

    def cold(self) -> Workspace:
        fresh = workspace({}, registry=REGISTRY)
        assert isinstance(fresh._files, MemoryFiles)
        fresh._files.texts = self.disk
        for path, text in self.shown.items():
            fresh.open(path, text)
        settle(fresh)
        return fresh
