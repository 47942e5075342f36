"""A workspace whose files live in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pipesense.engine.files import Unreadable
from pipesense.engine.report import InternalError, Reported
from pipesense.engine.workspace import Workspace
from pipesense.host.rulepacks import load_registry
from pipesense.rule.registry import Registry
from pipesense.systems.system import PythonSystem

ROOT = "/project"


class MemoryFiles:
    """A FileAccess over a dictionary of absolute paths."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = dict(texts)
        self.times: dict[str, int] = {}

    def read(self, path: str) -> str:
        if path not in self.texts:
            raise Unreadable(path, "it does not exist")
        return self.texts[path]

    def read_large(self, path: str, limit: int) -> str:
        text = self.read(path)
        if len(text.encode()) > limit:
            raise Unreadable(path, "it is too large")
        return text

    def stamp(self, path: str) -> tuple[int, int] | None:
        return (len(self.texts[path]), self.times.get(path, 0)) if path in self.texts else None

    def exists(self, path: str) -> bool:
        return path in self.texts

    def hides(self, root: str, path: str) -> bool:
        return False

    def listing(self, root: str) -> Iterable[str]:
        return sorted(path for path in self.texts if path.startswith(root + "/"))


def workspace(
    files: Mapping[str, str],
    errors: list[InternalError] | None = None,
    registry: Registry | None = None,
    systems: Sequence[PythonSystem] | None = None,
) -> Workspace:
    """A workspace of the files (paths relative to ROOT), not analysed yet. Internal errors fail unless collected."""

    def log(error: InternalError) -> None:
        if errors is None:
            raise AssertionError(f"{error.unit} failed on {error.path}: {error.error}")
        errors.append(error)

    access = MemoryFiles({f"{ROOT}/{path}": text for path, text in files.items()})
    return Workspace(registry or load_registry(), access, log, systems=systems, roots=[ROOT])


def settle(made: Workspace) -> None:
    """Work until nothing is stale."""
    for path in made.paths():
        made.settle(path)
    made.index_all()


def shown(found: Sequence[Reported]) -> list[tuple[str, str, int, int, str]]:
    """Findings as comparable values, without their facts."""
    return [(each.rule, each.severity.word, each.span.start, each.span.end, each.message) for each in found]


def everything(made: Workspace) -> dict[str, object]:
    """All that the workspace says about its files."""
    return {
        path: (shown(made.findings(path)), [(each.span, each.why) for each in made.not_analysed(path)])
        for path in made.paths()
    }
