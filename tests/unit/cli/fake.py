"""An engine that finds words: it lets the command line be tested by what a file says.

``BAD-<severity>[-safe|-unsafe|-display|-refused|-pair][-twice]`` is a finding, with that fix; the fix writes
GOOD, ``-pair`` changes all of the project's files together, and ``-twice`` needs a second fix. ``GAP`` is a
place that was not judged; ``CRASH`` is a rule that fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from pipesense.cli.check import Session
from pipesense.engine.config import FILE_NAMES, parse_config
from pipesense.engine.files import Unreadable
from pipesense.engine.report import BuiltFix, FixOffer, InternalError, NotAnalysed, RelatedPlace, Reported
from pipesense.engine.reporting import CONFIGURATION
from pipesense.host.disk import DiskFiles
from pipesense.model.change import Refusal
from pipesense.rule.finding import Applicability, Finding
from pipesense.rule.meta import Severity
from pipesense.text.buffer import TextBuffer
from pipesense.text.edit import TextEdit
from pipesense.text.span import Span

RULE = "quality/bad-word"
_BAD = re.compile(r"BAD-(error|warning|info|hint)(?:-(safe|unsafe|display|refused|pair))?(-twice)?")


class FakeAnalysis:
    """The surface of the real workspace, as far as the command line uses it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._files = DiskFiles()
        self._texts: dict[str, TextBuffer] = {}
        self._unreadable: dict[str, str] = {}
        self._configs: dict[str, list[tuple[int, str]]] = {}
        self._crashed: set[str] = set()
        self.overrides: Mapping[str, object] = {}

    def open(self, path: str, text: str) -> None:
        self._texts[path] = TextBuffer(text)

    def change(self, path: str, start: Any, end: Any, text: str, encoding: Any) -> None:
        self._texts[path] = TextBuffer(text)

    def reconfigure(self, overrides: Mapping[str, object]) -> None:
        self.overrides = overrides

    def analyse(self, path: str) -> None:
        if path not in self._texts and path not in self._unreadable:
            try:
                self._texts[path] = TextBuffer(self._files.read(path))
            except Unreadable as problem:
                self._unreadable[path] = problem.reason
        if path in self._texts and "CRASH" in self._texts[path].text and path not in self._crashed:
            self._crashed.add(path)
            self._session.log(InternalError(RULE, path, "ZeroDivisionError: division by zero"))

    def index_all(self, progress: Callable[[int, int], None] | None = None) -> None:
        for root in self._session.targets.roots:
            for path in self._files.listing(root):
                if path.endswith((".py", ".sql")):
                    self.analyse(path)
                elif path.endswith(FILE_NAMES):
                    config = parse_config(path, self._files.read(path), self._session.registry, frozenset)
                    if config is not None:
                        self._configs[path] = [(each.line, each.message) for each in config.problems]

    def text(self, path: str) -> TextBuffer | None:
        return self._texts.get(path)

    def findings(self, path: str) -> tuple[Reported, ...]:
        if path in self._configs:
            return tuple(
                Reported(path, CONFIGURATION, "", Severity.ERROR, text, Span(0, 0), f"c{line}", (), False, None, text)
                for line, text in self._configs[path]
            )
        if path not in self._texts or self.overrides.get("ignore") == [RULE]:
            return ()
        text = self._texts[path].text
        return tuple(self._reported(path, at, found) for at, found in enumerate(_BAD.finditer(text)))

    def _reported(self, path: str, at: int, found: re.Match[str]) -> Reported:
        severity = Severity.parse(found.group(1)) or Severity.ERROR
        what, why, do = f"The word {found.group()} stands here.", "It is bad.", "Write another."
        finding = Finding(RULE, "here", severity, None, what, why, do, (), None)  # type: ignore[arg-type]
        name = path.rpartition("/")[2]
        return Reported(
            path, RULE, "here", severity, finding.message, Span(*found.span()), f"{name}-{found.group()}-{at}",
            (RelatedPlace(path, Span(0, 1), "the file's first character"),), bool(found.group(2)), finding, what,
        )  # fmt: skip

    def configuration_problems(self) -> tuple[tuple[str, int, str], ...]:
        return tuple((path, *each) for path, problems in self._configs.items() for each in problems)

    def not_analysed(self, path: str) -> tuple[NotAnalysed, ...]:
        if path in self._unreadable:
            return (NotAnalysed(path, Span(0, 0), self._unreadable[path]),)
        text = self._texts[path].text if path in self._texts else ""
        return tuple(NotAnalysed(path, Span(*found.span()), "nobody can read it") for found in re.finditer("GAP", text))

    def statements(self, path: str) -> int:
        return len(self._texts[path].text.splitlines()) if path in self._texts else 0

    def paths(self) -> tuple[str, ...]:
        return tuple(sorted({*self._texts, *self._unreadable}))

    def dialect(self, path: str, offset: int) -> tuple[str, str] | None:
        return ("duckdb", "the settings say so") if path.endswith(".sql") else None

    def offers(self, reported: Reported) -> tuple[FixOffer, ...]:
        kind = _BAD.fullmatch(reported.span.of(self._texts[reported.path].text))
        named = kind.group(2) if kind else ""
        how = Applicability.SAFE if named in ("refused", "pair") else Applicability(named)
        return (FixOffer(f"{reported.fingerprint}/0", "Write GOOD", how, RULE),)

    def build(self, offer_id: str, path: str) -> BuiltFix | Refusal:
        reported = next(each for each in self.findings(path) if each.fingerprint == offer_id.rpartition("/")[0])
        offer = self.offers(reported)[0]
        found = _BAD.fullmatch(reported.span.of(self._texts[path].text))
        assert found is not None
        if found.group(2) == "refused":
            return Refusal("it cannot be written here.")
        new = "BAD-info-safe" if found.group(3) else "GOOD"
        edits = {path: (TextEdit(reported.span, new),)}
        if found.group(2) == "pair":
            edits |= {other: (TextEdit(Span(0, 0), "-- changed too\n"),) for other in self._texts if other != path}
        return BuiltFix(offer, edits, {})
