"""For the tests of rule packs: the real engine over files that exist in memory only.

checker = EngineChecker(load_registry(packs=["my_rules"]))
assert case_problems(rule, case, checker) == ()
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from pipesense.engine.files import Unreadable
from pipesense.engine.report import InternalError, Reported
from pipesense.engine.workspace import Workspace
from pipesense.model.change import Refusal
from pipesense.rule.finding import Applicability
from pipesense.rule.harness import Checked, Files, Seen
from pipesense.rule.registry import Registry
from pipesense.text.edit import apply_edits

ROOT: Final = "/workspace"
"""The folder in which the files of an example stand."""


class MemoryFiles:
    """A file system of given texts; implements ``engine.files.FileAccess``."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = dict(texts)

    def read(self, path: str) -> str:
        """The text of a file; raises Unreadable for any other path."""
        try:
            return self.texts[path]
        except KeyError:
            raise Unreadable(path, "there is no such file") from None

    def read_large(self, path: str, limit: int) -> str:
        """The text of a file."""
        return self.read(path)

    def stamp(self, path: str) -> tuple[int, int] | None:
        """The length of a text; all are of one time."""
        return (len(self.texts[path]), 0) if path in self.texts else None

    def exists(self, path: str) -> bool:
        """Whether a text was given for the path."""
        return path in self.texts

    def hides(self, root: str, path: str) -> bool:
        return False

    def listing(self, root: str) -> Iterable[str]:
        """Every path below a folder."""
        return sorted(path for path in self.texts if path.startswith(root + "/"))


class EngineChecker:
    """Checks and fixes examples with the engine; implements ``rule.harness.Checker``."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def check(self, files: Files) -> Checked:
        """All findings; what the engine failed at counts as not read, so that no failure looks like silence."""
        failures: list[InternalError] = []
        workspace = self._analysed(files, failures)
        findings = [seen for name in sorted(files) for seen in self._seen(workspace, name)]
        unread = [
            f"{name}: {each.why} ({each.span.of(files[name])!r})"
            for name in sorted(files)
            for each in workspace.not_analysed(_path(name))
        ]
        unread += [f"internal error in {each.unit} on {each.path}: {each.error}" for each in failures]
        return Checked(tuple(findings), tuple(unread))

    def fix(self, files: Files, finding: Seen, title: str) -> Files | str:
        """The files after a verified fix, or why the engine refuses it."""
        failures: list[InternalError] = []
        workspace = self._analysed(files, failures)
        for reported in workspace.findings(_path(finding.path)):
            seen = self._told(workspace, finding.path, reported)
            if (seen.rule, seen.line, seen.column) != (finding.rule, finding.line, finding.column):
                continue
            offer = next((each for each in workspace.offers(reported) if each.title == title), None)
            if offer is None:
                return f"it is not offered for the finding in line {finding.line}"
            built = workspace.build(offer.id, reported.path)
            if isinstance(built, Refusal):
                return "; ".join([built.why, *(each.error for each in failures)])
            edited = {path: apply_edits(files[_name(path)], edits) for path, edits in built.edits.items()}
            return {**files, **{_name(path): text for path, text in {**edited, **built.creates}.items()}}
        return f"there is no such finding in line {finding.line} any more"

    def _analysed(self, files: Files, failures: list[InternalError]) -> Workspace:
        texts = {_path(name): text for name, text in files.items()}
        workspace = Workspace(self._registry, MemoryFiles(texts), failures.append, roots=[ROOT])
        workspace.index_all()
        return workspace

    def _seen(self, workspace: Workspace, name: str) -> list[Seen]:
        return [self._told(workspace, name, each) for each in workspace.findings(_path(name))]

    def _told(self, workspace: Workspace, name: str, reported: Reported) -> Seen:
        buffer = workspace.text(reported.path)
        line, column = buffer.lines.position(reported.span.start) if buffer else (0, 0)
        return Seen(
            path=name,
            rule=reported.rule,
            variant=reported.variant,
            severity=reported.severity,
            line=line + 1,
            column=column + 1,
            message=reported.message,
            fixes=tuple(
                offer.title for offer in workspace.offers(reported) if offer.applicability is not Applicability.DISPLAY
            ),
        )


def _path(name: str) -> str:
    return f"{ROOT}/{name}"


def _name(path: str) -> str:
    return path.removeprefix(ROOT + "/")
