"""An engine that is easy to predict, behind the real protocol.

Its documents are the real TextBuffer. Findings are words: ``bad`` (with a safe fix), ``worse`` (a fix that wants
a look, changes a second file and adds a third), ``advice`` (a fix that is advice), ``stuck`` (a fix that cannot be
written), ``obsolete`` (an upgrade rule) and ``far`` (with four related places). A hover tells the text's length
and digest. Run as a program it is a language server on standard input and output.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping

from pipesense.engine.checks.forms import Form
from pipesense.engine.checks.insert import ChecksOffer
from pipesense.engine.features.scaffold import Scaffold
from pipesense.engine.report import BuiltFix, FixOffer, HoverText, InternalError, RelatedPlace, Reported
from pipesense.lang.languages import language_of
from pipesense.model.change import Refusal
from pipesense.model.data import DatasetName
from pipesense.model.where import Loc
from pipesense.rule.finding import Applicability, Finding
from pipesense.rule.meta import Severity
from pipesense.text.buffer import TextBuffer
from pipesense.text.edit import TextEdit
from pipesense.text.encoding import PositionEncoding
from pipesense.text.span import Span

RULES = {
    "bad": ("correctness/bad", Severity.ERROR),
    "worse": ("correctness/worse", Severity.WARNING),
    "advice": ("quality/advice", Severity.INFO),
    "stuck": ("quality/stuck", Severity.INFO),
    "obsolete": ("upgrade/obsolete", Severity.WARNING),
    "far": ("lineage/far", Severity.HINT),
}
_WORDS = re.compile(rf"\b({'|'.join(RULES)})\b")
_FIXES = {
    "bad": ("Write good", Applicability.SAFE),
    "worse": ("Write better everywhere", Applicability.UNSAFE),
    "advice": ("Think again", Applicability.DISPLAY),
    "stuck": ("Turn the screw", Applicability.UNSAFE),
}


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class ProbeChecks:
    """The engine's quality checks: the word ``table`` can be given a file of them, ``view`` cannot."""

    def __init__(self, workspace: ProbeWorkspace) -> None:
        self._workspace = workspace

    def offers(self, path: str, span: Span) -> tuple[ChecksOffer, ...]:
        buffer = self._workspace.text(path)
        words = re.finditer(r"\b(table|view)\b", buffer.text if buffer is not None else "")
        return tuple(
            ChecksOffer(
                f"sql/file/{word[1]}", f"Insert quality checks for {word[1]}", DatasetName((word[1],)), Form.SQL, "file"
            )
            for word in words
            if word.start() <= span.end and span.start <= word.end()
        )

    def build(self, offer_id: str, path: str) -> BuiltFix | Refusal:
        if offer_id.endswith("view"):
            return Refusal("a view has no load")
        offer = FixOffer(offer_id, "", Applicability.UNSAFE, "")
        return BuiltFix(offer, {}, {f"{path.rpartition('/')[0]}/checks/table.sql": "SELECT 1;\n"})


class ProbeLearned:
    """Nothing is learned for completion."""

    wanted = False

    def refresh(self, most: int | None = None) -> bool:
        return False


class ProbeScaffolds:
    """The engine's tests for pipelines: the word ``pipeline`` can be given one, ``gone`` cannot."""

    def __init__(self, workspace: ProbeWorkspace) -> None:
        self._workspace = workspace

    def offers(self, path: str, span: Span) -> tuple[Scaffold, ...]:
        buffer = self._workspace.text(path)
        words = re.finditer(r"\b(pipeline|gone)\b", buffer.text if buffer is not None else "")
        return tuple(
            Scaffold(word[1], f"Write a test for {word[1]}", "", "")
            for word in words
            if word.start() <= span.end and span.start <= word.end()
        )

    def build(self, offer_id: str, path: str) -> BuiltFix | Refusal:
        if offer_id == "gone":
            return Refusal("the pipeline is not there any more")
        offer = FixOffer(offer_id, "", Applicability.UNSAFE, "")
        return BuiltFix(offer, {}, {f"{path.rpartition('/')[0]}/tests/test_pipeline.py": "def test(): ...\n"})


class ProbeFeatures:
    """What the server asks of the engine's features on its own account."""

    def __init__(self, workspace: ProbeWorkspace) -> None:
        self.learned = ProbeLearned()
        self.scaffolds = ProbeScaffolds(workspace)


class ProbeFirstLook:
    """No file of the probe is long."""

    def is_worth_it(self, path: str) -> bool:
        return False


class ProbeWorkspace:
    """The engine's surface over words."""

    def __init__(self, log: Callable[[InternalError], None], disk: Callable[[str], str | None] | None = None) -> None:
        self.log = log
        self.open_texts: dict[str, TextBuffer] = {}
        self.closed: dict[str, TextBuffer] = {}
        self.roots: list[str] = []
        self.overrides: dict[str, object] = {}
        self.analysed: list[str] = []
        self.changes = 0
        self.steps = 0
        self.unlisted: list[str] = []
        self.stale: list[str] = []
        self.features = ProbeFeatures(self)
        self.first_look = ProbeFirstLook()
        self._reported: dict[str, tuple[Reported, ...]] = {}
        self._revision = 0
        self._revisions: dict[str, str] = {}
        self._disk = disk or _read

        self.checks = ProbeChecks(self)

    # --- documents

    def open(self, path: str, text: str) -> None:
        self.open_texts[path] = TextBuffer(text)

    def change(
        self,
        path: str,
        start: tuple[int, int] | None,
        end: tuple[int, int] | None,
        text: str,
        encoding: PositionEncoding,
    ) -> None:
        self.changes += 1
        buffer = self.open_texts[path]
        if start is None or end is None:
            buffer.reset(text)
        else:
            buffer.client_replace(start, end, text, encoding)

    def close(self, path: str) -> None:
        self.open_texts.pop(path, None)
        self.closed.pop(path, None)

    def touched(self, paths: Iterable[str]) -> None:
        for path in paths:
            self.closed.pop(path, None)
            if path not in self.stale:
                self.stale.append(path)

    def expect_root(self, root: str, project: str | None = None) -> None:
        """Nothing here depends on folders that are not looked through yet."""

    def add_root(self, root: str, project: str | None = None) -> None:
        if root not in self.roots:
            self.roots.append(root)
            self.unlisted.append(root)

    def remove_root(self, root: str) -> None:
        self.roots.remove(root)

    def reconfigure(self, overrides: Mapping[str, object]) -> tuple[str, ...]:
        self.overrides = dict(overrides)
        self.stale += [path for path in self._reported if path not in self.stale]
        return tuple(f'"{key}" must be a list.' for key in ("select", "ignore") if self.overrides.get(key) == 5)

    def configuration_problems(self) -> tuple[tuple[str, int, str], ...]:
        return ()

    # --- work

    def analyse(self, path: str) -> None:
        self.analysed.append(path)
        if path in self.stale:
            self.stale.remove(path)
        buffer = self.text(path)
        found = () if buffer is None else tuple(self._findings(path, buffer.text))
        if found != self._reported.get(path):
            self._reported[path] = found
            self._revision += 1
            self._revisions[path] = str(self._revision)

    def pending(self) -> int:
        return len(self.unlisted) + len(self.stale)

    def step(self) -> frozenset[str]:
        self.steps += 1
        if self.unlisted:
            for folder, _, names in os.walk(self.unlisted.pop()):
                self.stale += [f"{folder}/{name}" for name in sorted(names) if language_of(name)]
            return frozenset()
        path = self.stale[0]
        before = self._reported.get(path, ())
        self.analyse(path)
        return frozenset({path}) if self._reported.get(path, ()) != before else frozenset()

    def settle(self, path: str) -> bool:
        return False

    # --- results

    def text(self, path: str) -> TextBuffer | None:
        buffer = self.open_texts.get(path) or self.closed.get(path)
        if buffer is None and (text := self._disk(path)) is not None:
            buffer = self.closed[path] = TextBuffer(text)
        return buffer

    def findings(self, path: str) -> tuple[Reported, ...]:
        return self._reported.get(path, ())

    def revision(self, path: str) -> str:
        return self._revisions.get(path, "0")

    def paths(self) -> tuple[str, ...]:
        return tuple(sorted(path for path in self._reported if self.text(path) is not None))

    def hover(self, path: str, offset: int) -> HoverText | None:
        buffer = self.text(path)
        if buffer is None:
            return None
        if buffer.text.startswith("crash"):
            raise KeyError("/home/somebody/secret.py")
        word = next((each for each in self.findings(path) if each.span.contains(offset)), None)
        span = word.span if word is not None else Span(offset, offset)
        return HoverText(f"# Text\n\n**{len(buffer.text)}** characters, `{digest(buffer.text)}`", span)

    def offers(self, reported: Reported) -> tuple[FixOffer, ...]:
        word = reported.variant
        if word not in _FIXES:
            return ()
        title, applicability = _FIXES[word]
        return (FixOffer(f"{reported.fingerprint}/0", title, applicability, reported.rule),)

    def build(self, offer_id: str, path: str) -> BuiltFix | Refusal:
        mark = offer_id.rpartition("/")[0]
        reported = next((each for each in self.findings(path) if each.fingerprint == mark), None)
        if reported is None:
            return Refusal("the finding is not there any more")
        if reported.variant == "stuck":
            return Refusal("the screw is rusty")
        offer = self.offers(reported)[0]
        if reported.variant == "bad":
            return BuiltFix(offer, {path: (TextEdit(reported.span, "good"),)}, {})
        other = path.replace(".py", "_other.py")
        edits = {path: (TextEdit(reported.span, "better"),), other: (TextEdit(Span(0, 0), "# better\n"),)}
        return BuiltFix(offer, edits, {path.replace(".py", "_new.py"): "new = 1\n"})

    def fix_all(self, path: str, *, unsafe: bool = False) -> tuple[tuple[TextEdit, ...], tuple[str, ...]]:
        safe = [each for each in self.findings(path) if each.variant == "bad"]
        return tuple(TextEdit(each.span, "good") for each in safe), tuple(each.rule for each in safe)

    def suppression(self, reported: Reported) -> tuple[TextEdit, ...]:
        buffer = self.text(reported.path)
        assert buffer is not None
        line = buffer.lines.position(reported.span.start)[0]
        end = buffer.lines.starts[line] + len(buffer.lines.line_text(line))
        return (TextEdit(Span(end, end), f"  # pipesense: ignore[{reported.rule}]"),)

    def _findings(self, path: str, text: str) -> Iterable[Reported]:
        ignored = self.overrides.get("ignore")
        for ordinal, word in enumerate(_WORDS.finditer(text)):
            rule, severity = RULES[word[1]]
            if isinstance(ignored, list) and rule in ignored:
                continue
            span = Span(word.start(), word.end())
            message = f"The word {word[1]} is here. It means no good. Write another."
            related = tuple(RelatedPlace(path, span, f"place {at}") for at in range(4)) if word[1] == "far" else ()
            finding = Finding(rule, word[1], severity, Loc(path, 1, span), message, "", "", (), None)
            mark = digest(f"{path} {word[1]} {ordinal}")[:12]
            yield Reported(
                path, rule, word[1], severity, message, span, mark, related, word[1] in _FIXES, finding, message
            )


def _read(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return file.read()
    except OSError:
        return None


def main() -> int:
    from pipesense.lsp import connection, transport

    return connection.run(transport.standard_streams(), ProbeWorkspace, "0")  # type: ignore[arg-type]


if __name__ == "__main__":
    sys.exit(main())
