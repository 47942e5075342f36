"""Applying fixes: each on the result of those before it, in memory; then to disk, all of a fix or none of it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pipesense.cli.analysis import Analysis
from pipesense.engine.files import Unreadable
from pipesense.engine.report import BuiltFix, FixOffer, Reported
from pipesense.host.disk import DiskFile, read_file
from pipesense.host.write import WriteRefused, check_unchanged, create, encoded_for, replace_text
from pipesense.model.change import Refusal
from pipesense.rule.finding import Applicability
from pipesense.rule.meta import Severity
from pipesense.text.edit import apply_edits
from pipesense.text.encoding import PositionEncoding
from pipesense.text.secrets import masked

_ROUNDS_BEYOND = 100
"""Fixes may uncover findings that can be fixed as well, but two that undo each other must come to an end."""


@dataclass(slots=True)
class Applied:
    """Fixes that were applied in memory.

    ``before`` and ``after`` by path; a created file has no ``before``. ``groups`` are the paths that each fix
    changed. ``refused`` are sentences about fixes that could not be applied.
    """

    read: Callable[[str], DiskFile] = read_file
    before: dict[str, DiskFile] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)
    groups: list[frozenset[str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def previous(self, path: str) -> str:
        """The text that a file had on disk; "" for one that is new."""
        return self.before[path].text if path in self.before else ""

    @property
    def changed(self) -> tuple[str, ...]:
        """The paths whose text is another now."""
        return tuple(path for path in sorted(self.after) if self.after[path] != self.previous(path))


def apply_fixes(
    analysis: Analysis,
    paths: Iterable[str],
    *,
    unsafe: bool,
    level: Severity = Severity.HINT,
    known: Collection[str] = (),
    show: Callable[[str], str] = str,
    read: Callable[[str], DiskFile] = read_file,
) -> Applied:
    """Apply the fixes of findings from ``level`` up in memory; those whose fingerprints are ``known`` stay.

    ``show`` gives a path as people read it, ``read`` the file as it is now.
    """
    allowed = {Applicability.SAFE, Applicability.UNSAFE} if unsafe else {Applicability.SAFE}
    done = Applied(read)

    def wanted(reported: Reported) -> bool:
        return reported.fixable and reported.severity <= level and reported.fingerprint not in known

    for path in paths:
        _fix_file(analysis, path, allowed, wanted, done, show)
    return done


def _fix_file(
    analysis: Analysis,
    path: str,
    allowed: Collection[Applicability],
    wanted: Callable[[Reported], bool],
    done: Applied,
    show: Callable[[str], str],
) -> None:
    refused: set[str] = set()
    rounds = len(analysis.findings(path)) + _ROUNDS_BEYOND
    while rounds:
        rounds -= 1
        chosen = next(_choices(analysis, path, allowed, wanted, refused), None)
        if chosen is None:
            return
        reported, offer = chosen
        built = analysis.build(offer.id, path)
        why = built.why if isinstance(built, Refusal) else _take(analysis, built, done)
        if why is not None:
            refused.add(offer.id)
            done.refused.append(f"{show(path)}: {reported.rule}, {offer.title}: {why.rstrip('.')}.")


def _choices(
    analysis: Analysis,
    path: str,
    allowed: Collection[Applicability],
    wanted: Callable[[Reported], bool],
    refused: Collection[str],
) -> Iterator[tuple[Reported, FixOffer]]:
    """What may be applied next: for each finding the first allowed fix that was not refused."""
    for reported in analysis.findings(path):
        if wanted(reported):
            for offer in analysis.offers(reported):
                if offer.applicability in allowed and offer.id not in refused:
                    yield reported, offer
                    break


def _take(analysis: Analysis, built: BuiltFix, done: Applied) -> str | None:
    """Put a fix's texts in place of the old ones; or why that cannot be."""
    paths = frozenset({*built.edits, *built.creates})
    for path in built.edits:
        if path not in done.before and path not in done.after:
            problem = _read(analysis, path, done)
            if problem is not None:
                return problem
    texts = dict(built.creates)
    for path, edits in built.edits.items():
        buffer = analysis.text(path)
        if buffer is None:
            return "a file that it changes is not there any more"
        texts[path] = apply_edits(buffer.text, edits)
    for path, text in texts.items():
        _put(analysis, path, text)
        done.after[path] = text
    for path in texts:
        analysis.analyse(path)
    done.groups.append(paths)
    return None


def _read(analysis: Analysis, path: str, done: Applied) -> str | None:
    """Remember a file's bytes before its first change; or why it may not be changed."""
    try:
        file = done.read(path)
    except Unreadable as problem:
        return f"the file cannot be read any more: {problem.reason}"
    buffer = analysis.text(path)
    if buffer is None or buffer.text != file.text:
        return "the file changed on disk since it was read; run the command again"
    done.before[path] = file
    return None


def _put(analysis: Analysis, path: str, text: str) -> None:
    analysis.open(path, text)
    analysis.change(path, None, None, text, PositionEncoding.UTF32)


@dataclass(frozen=True, slots=True)
class Written:
    """What went to disk: how many fixes, to which files; ``refused`` are sentences about the others."""

    fixes: int
    paths: tuple[str, ...]
    refused: tuple[str, ...]


def write_fixes(analysis: Analysis, done: Applied, show: Callable[[str], str] = str) -> Written:
    """Write the changed files. Files that a fix changes together are written together or not at all.

    What is not written is taken back in memory, so that the analysis tells of what is on disk.
    """
    written: list[str] = []
    refused: list[str] = []
    fixes = 0
    for group in _together(done.groups):
        changed = sorted(path for path in group if path in done.changed)
        problem = _write_group(changed, done)
        if problem is None:
            written += changed
            fixes += sum(each <= group for each in done.groups)
        else:
            refused.append(f"{show(problem.path)}: {problem.reason}.")
            for path in group:
                _put(analysis, path, done.previous(path))
            for path in group:
                analysis.analyse(path)
    return Written(fixes, tuple(sorted(written)), tuple(refused))


def _together(groups: Iterable[frozenset[str]]) -> list[frozenset[str]]:
    """The smallest sets of files such that no fix changes files of two sets."""
    merged: list[frozenset[str]] = []
    for group in groups:
        touching = [each for each in merged if each & group]
        merged = [each for each in merged if not each & group]
        merged.append(group.union(*touching))
    return merged


def _write_group(paths: Iterable[str], done: Applied) -> WriteRefused | None:
    try:
        # Whatever can be refused is looked at before the first file is written.
        for path in paths:
            if path in done.before:
                encoded_for(done.before[path], done.after[path])
                check_unchanged(done.before[path])
        for path in paths:
            if path in done.before:
                replace_text(done.before[path], done.after[path])
            else:
                create(path, done.after[path])
    except WriteRefused as refusal:
        return refusal
    return None


def unified_diff(before: Mapping[str, str], after: Mapping[str, str], show: Callable[[str], str]) -> str:
    """The changes as a patch that ``patch -p1`` and ``git apply`` read."""
    parts: list[str] = []
    for path in sorted(after):
        old, new = before.get(path), after[path]
        if old == new:
            continue
        name = show(path).lstrip("/")
        # A patch is read and logged by people: what it takes out may be a secret.
        lines = map(
            masked,
            difflib.unified_diff(
                _lines(old or ""),
                _lines(new),
                "/dev/null" if old is None else f"a/{name}",
                f"b/{name}",
            ),
        )
        parts += (line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
    return "".join(parts)


def _lines(text: str) -> list[str]:
    """Lines with their ends; only ``\\n`` ends one in a patch."""
    *whole, last = text.split("\n")
    return [f"{line}\n" for line in whole] + ([last] if last else [])
