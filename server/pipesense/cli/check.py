"""``pipesense check``: read the projects, collect the findings, fix what may be fixed, write it all down."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import pipesense
from pipesense.cli.gather import Gatherer, display_path, working_directory
from pipesense.cli.known import Known, baseline_files, read_known, write_known
from pipesense.cli.options import CheckOptions
from pipesense.cli.result import CheckResult, FindingRow, GapRow, Position, Range, SqlFileRow, counted
from pipesense.cli.targets import Targets, resolve, roots_of
from pipesense.cli.terminal import complain, progress_bar, put, wants_colour, width_of
from pipesense.engine.config import FILE_NAMES
from pipesense.engine.files import Unreadable
from pipesense.engine.report import InternalError
from pipesense.engine.reporting import CONFIGURATION
from pipesense.host.discovery import is_source, posix
from pipesense.host.disk import DiskFile, DiskFiles, explain, read_file
from pipesense.host.encodings import decode
from pipesense.host.rulepacks import PackProblem, load_registry
from pipesense.rule.registry import Registry
from pipesense.text.buffer import TextBuffer

if TYPE_CHECKING:
    from pipesense.cli.analysis import Analysis
    from pipesense.cli.fixing import Applied

NOTHING: Final = 0
FOUND: Final = 1
MISTAKE: Final = 2
INTERNAL: Final = 3

_TOP: Final = Range(Position(1, 1), Position(1, 1))


@dataclass(slots=True)
class Session:
    """One check on its way: what it works with, and what has gone wrong so far."""

    options: CheckOptions
    registry: Registry
    folder: str
    targets: Targets
    known: Known = field(default_factory=Known)
    problems: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    standard_input: DiskFile | None = None
    """What came from standard input, as if it were the file that it is to be taken for."""

    def read(self, path: str) -> DiskFile:
        """A file as it is now.

        Raises:
            Unreadable: it cannot be read.
        """
        given = self.standard_input
        return given if given is not None and given.path == path else read_file(path)

    def show(self, path: str) -> str:
        """A path as people read it."""
        return display_path(path, self.folder)

    def log(self, error: InternalError) -> None:
        """Take note of something that failed inside the engine."""
        self.failures.append(
            f"{error.unit} failed on {self.show(error.path)} ({error.error}). What it would have found there is "
            "missing; everything else is complete. Please report this."
        )


MakeAnalysis = Callable[[Session], "Analysis"]


def run(options: CheckOptions, make: MakeAnalysis | None = None) -> int:
    """Check, print, and return the exit code. ``make`` gives the engine; by default the real one."""
    start = time.perf_counter()
    session = _prepare(options)
    analysis = _analyse(session, make or _workspace)
    if options.write_baseline:
        return _write_baseline(session, analysis)
    if options.diff:
        return _preview(session, analysis)
    fixed, not_fixed = _fix(session, analysis) if options.fix else (0, ())
    result = replace(collect(session, analysis), fixed=fixed, not_fixed=not_fixed)
    _print(replace(result, seconds=time.perf_counter() - start), options)
    return exit_code(result, options)


def exit_code(result: CheckResult, options: CheckOptions) -> int:
    """What the result means for whoever called."""
    if result.failures:
        return INTERNAL
    if result.problems or any(row.rule == CONFIGURATION for row in result.findings):
        return MISTAKE
    return FOUND if result.at_least(options.fail_on) else NOTHING


def _prepare(options: CheckOptions) -> Session:
    packs: list[PackProblem] = []
    registry = load_registry(packs.append)
    if options.stdin_filename is not None:
        path = posix(options.stdin_filename)
        targets = Targets(files=(path,), roots=roots_of([path]))
    else:
        targets = resolve(options.paths)
    session = Session(options, registry, working_directory(), targets)
    session.problems += (each.message for each in packs)
    session.problems += targets.problems
    session.problems += _unknown_rules(options, registry)
    files = baseline_files(options.baseline, (*targets.folders, *targets.files), registry)
    if options.write_baseline:
        if len(files) != 1:
            session.problems.append("--write-baseline does not know where to write; name the file with --baseline.")
    else:
        session.known = read_known(files)
        session.problems += session.known.problems
    return session


def _unknown_rules(options: CheckOptions, registry: Registry) -> Iterable[str]:
    for option, selectors in (("--select", options.select), ("--ignore", options.ignore)):
        for selector in selectors:
            if not registry.matching(selector):
                near = registry.near(selector)
                hint = f"Did you mean {near[0]}?" if near else '"pipesense rules" lists them all.'
                yield f"{option}: there is no rule or concern {selector}. {hint}"


def _workspace(session: Session) -> Analysis:
    from pipesense.engine.workspace import Workspace

    return Workspace(session.registry, DiskFiles(), session.log, roots=session.targets.roots)


_COLLECT_EVERY: Final = (10_000, 5, 5)
"""The collector's thresholds while files are read."""


def _analyse(session: Session, make: MakeAnalysis) -> Analysis:
    options = session.options
    analysis = make(session)
    known = {
        name: [word for word in words if session.registry.matching(word)]
        for name, words in (("select", options.select), ("ignore", options.ignore))
    }
    if options.select or options.ignore:
        analysis.reconfigure({name: words for name, words in known.items() if words})
    if options.stdin_filename is not None:
        session.standard_input = _standard_input(session)
        if session.standard_input is not None:
            analysis.open(session.standard_input.path, session.standard_input.text)
    # Trees of files that others import hold one another; looked for as seldom as at the start, they take a fifth more.
    gc.set_threshold(*_COLLECT_EVERY)
    with progress_bar("Analysing") as progress:
        analysis.index_all(progress)
    for path in session.targets.files:
        analysis.analyse(path)
    # A file from outside its project's listing may have made others stale.
    analysis.index_all()
    return analysis


def _standard_input(session: Session) -> DiskFile | None:
    path = session.targets.files[0]
    if not is_source(path):
        session.problems.append(f"{session.show(path)} is neither Python, SQL, YAML nor JSON, so it cannot be checked.")
        return None
    try:
        data = sys.stdin.buffer.read()
        return DiskFile(path, data, decode(path, data))
    except Unreadable as problem:
        session.problems.append(f"Standard input cannot be read as {session.show(path)}: {problem.reason}.")
    except OSError as problem:
        session.problems.append(f"Standard input cannot be read: {explain(problem)}.")
    return None


def collect(session: Session, analysis: Analysis) -> CheckResult:
    """Everything that the analysis says about what was asked for."""
    options, targets = session.options, session.targets
    shown = tuple(path for path in analysis.paths() if targets.hold(path))
    configs = tuple(
        sorted({path for path, _, _ in analysis.configuration_problems() if _concerns(path, session, shown)})
    )
    gatherer = Gatherer(
        analysis,
        session.registry,
        session.folder,
        _text_of,
        with_edits=options.format == "sarif",
        with_dialect=options.verbose,
    )
    rows = tuple(gatherer.findings((*configs, *shown)))
    new = tuple(row for row in rows if row.fingerprint not in session.known.fingerprints)
    found = tuple(gatherer.gaps(shown))
    gaps = [GapRow(session.show(path), _TOP, "it is neither Python, SQL, YAML nor JSON") for path in targets.others]
    unread = [gap for path in targets.files if analysis.text(path) is None for gap in gatherer.gaps([path])]
    return CheckResult(
        version=pipesense.__version__,
        folder=session.folder,
        findings=new,
        not_analysed=(*gaps, *(gap for gap in found if not gap.recognised)),
        recognised=tuple(gap for gap in found if gap.recognised),
        rules=tuple(gatherer.rules(new)),
        files=tuple(session.show(path) for path in shown if analysis.text(path) is not None),
        statements=sum(analysis.statements(path) for path in shown),
        in_baseline=len(rows) - len(new),
        problems=(*session.problems, *(f"{gap.path} cannot be checked: {gap.why}." for gap in unread)),
        failures=tuple(session.failures),
        notes=tuple(_notes(session, analysis)) if options.verbose else (),
        sql_files=tuple(_sql_files(session, analysis, shown)) if options.verbose else (),
    )


def _concerns(config: str, session: Session, shown: Sequence[str]) -> bool:
    """Whether a configuration file holds for something that is shown, or was itself asked for."""
    below = config.rpartition("/")[0] + "/"
    return session.targets.hold(config) or any(path.startswith(below) for path in shown)


def _text_of(path: str) -> TextBuffer | None:
    if path.rpartition("/")[2] not in FILE_NAMES:
        return None
    try:
        return TextBuffer(read_file(path).text)
    except Unreadable:
        return None


def _notes(session: Session, analysis: Analysis) -> Iterable[str]:
    yield f"{counted(len(session.registry), 'rule')} installed"
    for root in session.targets.roots:
        yield f"project read: {root}"


def _sql_files(session: Session, analysis: Analysis, shown: Sequence[str]) -> Iterable[SqlFileRow]:
    for path in shown:
        chosen = analysis.dialect(path, 0)
        if chosen is not None:
            yield SqlFileRow(session.show(path), analysis.statements(path), *chosen)


def _apply(session: Session, analysis: Analysis) -> Applied:
    from pipesense.cli.fixing import apply_fixes

    paths = [path for path in analysis.paths() if session.targets.hold(path)]
    with progress_bar("Fixing"):
        return apply_fixes(
            analysis,
            paths,
            unsafe=session.options.unsafe_fixes,
            level=session.options.level,
            known=session.known.fingerprints,
            show=session.show,
            read=session.read,
        )


def _fix(session: Session, analysis: Analysis) -> tuple[int, tuple[str, ...]]:
    from pipesense.cli.fixing import write_fixes

    applied = _apply(session, analysis)
    written = write_fixes(analysis, applied, session.show)
    analysis.index_all()
    return written.fixes, (*applied.refused, *written.refused)


def _preview(session: Session, analysis: Analysis) -> int:
    """Print the fixes as a patch; the findings stay as they are, and so does the exit code."""
    from pipesense.cli.fixing import unified_diff

    result = collect(session, analysis)
    applied = _apply(session, analysis)
    before = {path: file.text for path, file in applied.before.items()}
    put(unified_diff(before, applied.after, session.show), encoding="utf-8")
    for text in (*applied.refused, *result.problems, *result.failures):
        complain(text)
    would = f"{counted(len(applied.groups), 'finding')} in {counted(len(applied.changed), 'file')}"
    complain(f"would fix {would}; nothing was written.")
    return exit_code(result, session.options)


def _write_baseline(session: Session, analysis: Analysis) -> int:
    result = collect(session, analysis)
    files = baseline_files(
        session.options.baseline, (*session.targets.folders, *session.targets.files), session.registry
    )
    rows = [row for row in result.findings if row.rule != CONFIGURATION]
    problems = list(result.problems)
    if len(files) == 1:
        problem = write_known(files[0], rows)
        if problem is None:
            complain(f"{counted(len(rows), 'finding')} recorded in {session.show(files[0])}.")
        else:
            problems.append(problem)
    for text in (*problems, *result.failures):
        complain(text)
    return exit_code(replace(result, findings=_configuration(result), problems=tuple(problems)), session.options)


def _configuration(result: CheckResult) -> tuple[FindingRow, ...]:
    return tuple(row for row in result.findings if row.rule == CONFIGURATION)


def _print(result: CheckResult, options: CheckOptions) -> None:
    if options.format == "text":
        from pipesense.cli.formats.text_format import Looks, render

        put(render(result, options.level, Looks(wants_colour(sys.stdout), width_of(sys.stdout), options.verbose)))
        return
    from pipesense.cli.formats import renderer

    put(renderer(options.format)(result, options.level), encoding="utf-8")
    for text in (*result.problems, *result.failures, *result.not_fixed):
        complain(text)
