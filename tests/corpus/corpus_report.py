"""The corpus report: runs and verdicts in, Markdown out."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from corpus_model import NOT_STATEMENTS, SEVERITIES, Hit, Run, SqlFile, Verdict
from corpus_precision import loudness, precision

Judged = dict[Hit, Verdict]


@dataclass(frozen=True, slots=True)
class Heading:
    """What the report was made with."""

    command: str
    version: str
    machine: str


def judge(runs: Iterable[Run], verdicts: Sequence[Verdict]) -> tuple[Judged, tuple[Verdict, ...]]:
    """The verdict on each hit that has one, and the verdicts of these projects whose hit no longer comes."""
    by_place: dict[tuple[str, str, str], list[Verdict]] = defaultdict(list)
    for v in verdicts:
        by_place[v.project, v.rule, v.path].append(v)
    judged: Judged = {}
    used: set[Verdict] = set()
    projects = set()
    for run in runs:
        projects.add(run.project)
        for hit in run.hits:
            for v in by_place.get((hit.project, hit.rule, hit.path), ()):
                if v.judges(hit):
                    judged[hit] = v
                    used.add(v)
    return judged, tuple(v for v in verdicts if v.project in projects and v not in used)


def report(
    heading: Heading,
    runs: Sequence[Run],
    verdicts: Sequence[Verdict],
    listed: Sequence[str],
    rules: frozenset[str] = frozenset(),
) -> str:
    """The whole page.  ``listed`` are the severities whose every hit stands in the appendix.

    ``rules`` are those that may say something loud, for telling which of them said nothing.
    """
    judged, gone = judge(runs, verdicts)
    hits = [h for r in runs for h in r.hits]
    parts = [
        _opening(heading, runs),
        _projects(runs),
        _rules(hits, judged, sum(r.files for r in runs)),
        _precision(runs, judged, rules),
        _loudness(runs),
        _rates(runs),
        _sql(runs),
        _dialects(runs),
        _not_analysed(runs),
        _broken(runs),
        _second_readings(judged),
        _gone(gone),
        _appendix([h for h in hits if h.severity in listed], judged),
    ]
    return "\n\n".join(p for p in parts if p) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[object]], text_columns: int = 1) -> str:
    """A Markdown table; the columns after the first ``text_columns`` are numbers and stand right."""
    rule = ["---" if i < text_columns else "---:" for i in range(len(head))]
    lines = [head, rule, *([_cell(c) for c in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object) -> str:
    if value is None:
        return "–"
    return str(value).replace("|", "\\|").replace("\n", " ")


def _opening(heading: Heading, runs: Sequence[Run]) -> str:
    broken = sum(r.failed for r in runs)
    return (
        "# Corpus report\n\n"
        f"`{heading.command}`\n\n{heading.version}; {heading.machine}. {len(runs)} projects, "
        f"{sum(r.files for r in runs)} files, {sum(r.wall_seconds for r in runs):.1f} s, {broken} failed."
    )


def _projects(runs: Sequence[Run]) -> str:
    rows = []
    for r in runs:
        count = Counter(h.severity for h in r.hits)
        rows.append(
            (
                r.project,
                r.files,
                r.statements,
                *(count[s] for s in SEVERITIES),
                f"{r.wall_seconds:.1f}",
                f"{r.check_seconds:.1f}",
                r.peak_mb,
                _share(r),
                "timed out" if r.exit is None else r.exit,
            )
        )
    head = [
        "project",
        "files",
        "statements",
        *SEVERITIES,
        "wall s",
        "check s",
        "peak MB",
        "not analysed",
        "exit",
    ]
    return "## Projects\n\n" + table(head, rows)


def _share(run: Run) -> str:
    pieces = [u for u in run.unread if u.line is not None]
    files = len({u.path for u in run.unread if u.line is None})
    share = f"{len(pieces)}" + (f" ({100 * len(pieces) / run.statements:.1f} %)" if run.statements else "")
    return share + (f" + {files} files" if files else "")


def _rules(hits: Sequence[Hit], judged: Judged, files: int) -> str:
    groups: dict[str, list[Hit]] = defaultdict(list)
    for h in hits:
        groups[h.rule].append(h)
    rows = []
    for name, group in sorted(groups.items(), key=lambda g: (-len(g[1]), g[0])):
        said = Counter(judged[h].judgement for h in group if h in judged)
        severities = Counter(h.severity for h in group)
        decided = said["right"] + said["wrong"]
        rows.append(
            (
                name,
                ", ".join(f"{severities[s]} {s}" for s in SEVERITIES if severities[s]),
                len(group),
                len({h.project for h in group}),
                _per_hundred(len(group), files),
                said["right"],
                said["wrong"],
                said["arguable"],
                len(group) - sum(said.values()),
                f"{100 * said['right'] / decided:.0f} %" if decided else None,
            )
        )
    head = ["rule", "severities", "hits", "projects", "per 100 files", "right", "wrong", "arguable", "unread"]
    explained = "Precision is right / (right + wrong) over the hits read by hand; arguable ones count as neither."
    return f"## Rules\n\n{explained}\n\n" + table([*head, "precision"], rows, text_columns=2)


def _precision(runs: Sequence[Run], judged: Judged, rules: frozenset[str]) -> str:
    return "\n".join(["## Precision of errors and warnings", "", *precision(runs, judged, rules)])


def _loudness(runs: Sequence[Run]) -> str:
    lines = loudness(runs)
    return "\n".join(["## Well-kept projects", "", *lines]) if lines else ""


def _per_hundred(count: int, files: int) -> str | None:
    return f"{100 * count / files:.1f}" if files else None


def _rates(runs: Sequence[Run]) -> str:
    rows = []
    for r in runs:
        for (name, severity), n in sorted(Counter((h.rule, h.severity) for h in r.hits).items()):
            rows.append((r.project, name, severity, n, _per_hundred(n, r.files)))
    return "## Rules per project\n\n" + table(
        ["project", "rule", "severity", "hits", "per 100 files"], rows, text_columns=3
    )


def reason(why: str) -> str:
    """A reason without what differs from place to place (quoted text, numbers), so that reasons group."""
    return re.sub(r"\d+", "N", re.sub(r"`[^`]*`|'[^']*'|\"[^\"]*\"", "…", why)).strip()


_NO_SQL = ("nothing in it to judge", "Template tags make the whole statement")
_PARTS_ARE_JUDGED = "inside it are judged"


@dataclass(frozen=True, slots=True)
class Analysed:
    """How many statements some SQL files have, and what became of them."""

    statements: int
    recognised: int
    unread: int
    empty: int = 0
    """Of those recognised: without any SQL that reads or changes rows, or made of template tags alone."""

    @property
    def judged(self) -> int:
        return self.statements - self.recognised - self.unread

    @property
    def judged_of_sql(self) -> str | None:
        """The part that is judged of the statements that hold SQL at all."""
        return Analysed(self.statements - self.empty, 0, 0).share(self.judged)

    def share(self, count: int) -> str | None:
        """A part of the statements in per cent, rounded down: 98 % means at least that."""
        return f"{100 * count // self.statements}.{1000 * count // self.statements % 10} %" if self.statements else None


def analysed(run: Run) -> tuple[Analysed, Analysed]:
    """The statements of a project's SQL files: of all, and of those that hold statements at all."""
    return _analysed(run, run.sql_files), _analysed(run, [f for f in run.sql_files if not _left_out(run, f)])


def _left_out(run: Run, file: SqlFile) -> bool:
    return any(each.holds(run.project, file.path) for each in NOT_STATEMENTS)


def _analysed(run: Run, files: Sequence[SqlFile]) -> Analysed:
    paths = {f.path for f in files}
    return Analysed(
        sum(f.statements for f in files),
        sum(u.path in paths for u in run.recognised if _PARTS_ARE_JUDGED not in u.why),
        sum(u.path in paths for u in run.unread),
        sum(u.path in paths for u in run.recognised if any(words in u.why for words in _NO_SQL)),
    )


def _sql(runs: Sequence[Run]) -> str:
    rows: list[tuple[object, ...]] = []
    total = Analysed(0, 0, 0, 0)
    for r in runs:
        if not r.sql_files:
            continue
        every, real = analysed(r)
        total = Analysed(*(a + b for a, b in zip(_counts(total), _counts(real), strict=True)))
        rows.append(_sql_row(r.project, real))
        if every != real:
            rows.append(_sql_row(f"{r.project} with files left out", every))
    if not rows:
        return ""
    rows.append(_sql_row("all", total))
    head = [
        "project",
        "statements",
        "judged",
        "recognised only",
        "of them no SQL",
        "not read",
        "judged or recognised",
        "judged share",
    ]
    head += ["judged of those with SQL"]
    left = "".join(f"\n\nLeft out: {each.project} {each.folder}: {each.why}." for each in NOT_STATEMENTS)
    return "## Statements of SQL files\n\n" + table(head, rows) + left


def _counts(counted: Analysed) -> tuple[int, int, int, int]:
    return counted.statements, counted.recognised, counted.unread, counted.empty


def _sql_row(name: str, counted: Analysed) -> tuple[object, ...]:
    known = counted.judged + counted.recognised
    return (
        name,
        counted.statements,
        counted.judged,
        counted.recognised,
        counted.empty,
        counted.unread,
        counted.share(known),
        counted.share(counted.judged),
        counted.judged_of_sql,
    )


def _dialects(runs: Sequence[Run]) -> str:
    groups: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for r in runs:
        for f in r.sql_files:
            groups[r.project, f.dialect or "generic", f.why].append(f.path)
    if not groups:
        return ""
    rows = [(*key, paths[0], len(paths)) for key, paths in sorted(groups.items())]
    return "## Dialects\n\n" + table(["project", "dialect", "why", "for example", "files"], rows, text_columns=4)


def _not_analysed(runs: Sequence[Run]) -> str:
    places: dict[tuple[str, str], list[str]] = defaultdict(list)
    for r in runs:
        for u in r.unread:
            places[reason(u.why), r.project].append(u.path if u.line is None else f"{u.path}:{u.line}")
    if not places:
        return ""
    rows = [
        (why, project, at[0], len(at))
        for (why, project), at in sorted(places.items(), key=lambda p: (-len(p[1]), p[0]))
    ]
    return "## Not analysed, by reason\n\n" + table(
        ["reason", "project", "for example", "places"], rows, text_columns=3
    )


def _broken(runs: Sequence[Run]) -> str:
    lines = [f"- {r.project}: {r.trouble or 'timed out'}" for r in runs if r.failed]
    return "## Internal errors\n\n" + ("\n".join(lines) or "None.")


def _second_readings(judged: Judged) -> str:
    twice = [v for v in dict.fromkeys(judged.values()) if v.again]
    if not twice:
        return ""
    apart = [v for v in twice if v.again != v.judgement]
    opening = (
        f"{len(twice)} findings were judged twice, the second time without knowing the first; {len(apart)} differ."
    )
    lines = [f"- {v.project} {v.path}:{v.line or v.fingerprint} {v.rule}: {v.judgement}, then {v.again}" for v in apart]
    return "\n".join(["## Second readings", "", opening, *lines])


def _gone(gone: Sequence[Verdict]) -> str:
    if not gone:
        return ""
    lines = [f"- was {v.judgement}: {v.project} {v.path}:{v.line or v.fingerprint} {v.rule}" for v in gone]
    return "## Verdicts whose finding no longer comes\n\n" + "\n".join(lines)


def _appendix(hits: Sequence[Hit], judged: Judged) -> str:
    lines = ["## Appendix: every hit to be read by hand"]
    by_project: dict[str, list[Hit]] = defaultdict(list)
    for h in hits:
        by_project[h.project].append(h)
    for project, group in by_project.items():
        lines.append(f"\n### {project}\n")
        lines += [_line(h, judged.get(h)) for h in sorted(group, key=lambda h: (h.rule, h.path, h.line))]
    return "\n".join(lines)


def _line(hit: Hit, verdict: Verdict | None) -> str:
    said = "unread" if verdict is None else " – ".join(p for p in (verdict.judgement, verdict.note) if p)
    return f"- {hit.path}:{hit.line} {hit.severity} `{hit.rule}` {' '.join(hit.message.split())} · **{said}**"
