"""Delete the name of a column at random places, ask for completions there, and count how often it comes first.

    python tests/corpus/replay_completion.py --corpus DIR [--count 500] [--seed 1] [--misses FILE] [--only GLOB]

DIR holds checkouts in folders named owner+name. The queries of TPC-DS are those of sqlglot's tests, if DIR has them
(pypi+sqlglot-*): the first statement under each heading, since the second says the same again. Their tables are in
data/tpcds.sql.

A place counts where the column belongs to a relation whose columns are all known. A qualifier in front stays. The
statement as it was is never evidence: the file is changed first, and what was learned from it goes with it.
"""

from __future__ import annotations

import argparse
import fnmatch
import gc
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
for _part in ("server", "rules", "tests"):
    sys.path.insert(0, str(HERE.parents[1] / _part))

from pipesense.__main__ import COLLECT_EVERY
from pipesense.engine.features.completion import Item, ItemKind
from pipesense.engine.record import FileRecord
from pipesense.engine.relations import Answers
from pipesense.engine.report import InternalError
from pipesense.engine.workspace import Workspace
from pipesense.host.disk import DiskFiles
from pipesense.model.columns import Found
from pipesense.model.sql import ColumnUse, Statement
from pipesense.rule.registry import Registry
from pipesense.text.span import Span
from support.memory import ROOT, MemoryFiles

_LAST: re.Pattern[str] = re.compile(r"""("[^"]*"|`[^`]*`|\[[^\]]*\]|[\w$]+)\Z""")
_COLUMNS = (ItemKind.COLUMN, ItemKind.OUTPUT)


@dataclass(frozen=True)
class Position:
    """A column's name in a file; ``alias`` is that of its source, "" for an output of the query."""

    path: str
    span: Span
    name: str
    alias: str
    clause: str


@dataclass(frozen=True)
class Try:
    """What came of one position: the place of the right item (from 0), or None."""

    position: Position
    rank: int | None
    seconds: float
    shown: tuple[str, ...]


def learned(files: object, root: str) -> Workspace:
    """A workspace that was read from end to end, and that learned on the way."""

    def log(error: InternalError) -> None:
        print(f"INTERNAL {error}", file=sys.stderr)

    made = Workspace(Registry((), {}, {}), files, log, roots=[root])  # type: ignore[arg-type]
    made.features.learned.wanted = True
    made.index_all()
    return made


def positions(made: Workspace) -> Iterator[Position]:
    """Every column whose relation is closed."""
    answers = made.features.stages.answers(made.features.lookup)
    for path in made.paths():
        record = made.features.record_of(path)
        if record is None:
            continue
        for script in record.linked.scripts.values():
            for statement in script.statements:
                if not statement.facts.error:
                    yield from _of_statement(record, statement, answers)
        if not record.is_open:
            record.put_away()


def _of_statement(record: FileRecord, statement: Statement, answers: Answers) -> Iterator[Position]:
    binder, _ = answers.of(statement)
    seen: set[Span] = set()
    for use in statement.facts.columns:
        bound = binder.bind(use)
        if not isinstance(bound, Found) or use.path[-1].casefold() != bound.column.name.casefold():
            continue
        scope = next(iter(binder.scopes(use.inside)), ())
        if bound.source is not None:
            closed = binder.columns_of(bound.source).closed
        else:
            closed = bool(scope) and all(columns.closed for _, columns in scope)
        span = _name_span(record, statement, use)
        if closed and span is not None and span not in seen:
            seen.add(span)
            alias = bound.source.alias if bound.source is not None else ""
            yield Position(record.path, span, use.path[-1], alias, use.clause.value)


def _name_span(record: FileRecord, statement: Statement, use: ColumnUse) -> Span | None:
    loc = statement.at(use.span)
    span = record.document.file_span(loc)
    if span is None or not record.document.is_verbatim(loc):
        return None
    match = _LAST.search(span.of(record.document.text))
    if match is None or match[1].strip('"`[]').casefold() != use.path[-1].casefold():
        return None
    return Span(span.end - len(match[1]), span.end)


def replay(made: Workspace, position: Position) -> Try:
    """Delete the name, ask, and put everything back."""
    buffer = made.text(position.path)
    assert buffer is not None
    text = buffer.text
    made.open(position.path, text[: position.span.start] + text[position.span.end :])
    made.analyse(position.path)
    made.features.learned.refresh()
    start = time.process_time()
    items = made.features.completion.at(position.path, position.span.start)
    seconds = time.process_time() - start
    made.open(position.path, text)
    made.close(position.path)
    made.analyse(position.path)
    rank = next((at for at, item in enumerate(items) if _is_right(item, position)), None)
    return Try(position, rank, seconds, tuple(item.label for item in items[:5]))


def _is_right(item: Item, position: Position) -> bool:
    if item.kind not in _COLUMNS:
        return False
    alias, _, name = item.insert.rpartition(".")
    if name.strip('"`[]').casefold() != position.name.casefold():
        return False
    return not alias or not position.alias or alias.strip('"`[]').casefold() == position.alias.casefold()


def tpcds(folder: Path) -> dict[str, str]:
    """TPC-DS: its tables, and each query as a file."""
    text = next(folder.glob("tests/fixtures/optimizer/tpc-ds/tpc-ds.sql")).read_text("utf-8")
    files = {f"{ROOT}/tables.sql": (HERE / "data" / "tpcds.sql").read_text("utf-8")}
    for number, query in re.findall(r"^-- TPC-DS (\d+)\s*\n-+\n(.*?;)", text, re.DOTALL | re.MULTILINE):
        files[f"{ROOT}/q{int(number):02}.sql"] = query + "\n"
    return files


def _report(name: str, tries: list[Try], eligible: int) -> None:
    if not tries:
        print(f"| {name} | {eligible} | 0 | - | - | - |")
        return
    first = sum(each.rank == 0 for each in tries) / len(tries)
    five = sum(each.rank is not None and each.rank < 5 for each in tries) / len(tries)
    slow = sorted(each.seconds for each in tries)[int(0.95 * (len(tries) - 1))]
    print(f"| {name} | {eligible} | {len(tries)} | {first:.1%} | {five:.1%} | {1000 * slow:.0f} |")


def main() -> int:
    """Replay and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--count", type=int, default=500, help="positions of TPC-DS, and as many of all projects")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", default=[], metavar="GLOB", help="only projects that match")
    parser.add_argument("--misses", type=Path, help="write every miss here")
    args = parser.parse_args()
    sets = list(workspaces(args.corpus, args.only))
    found = {name: list(positions(made)) for name, made in sets}
    # As the server does: what was read before the first key is not looked through at every one.
    gc.set_threshold(*COLLECT_EVERY)
    gc.collect()
    gc.freeze()
    quota = quotas({name: len(each) for name, each in found.items()}, args.count)
    every: list[tuple[str, Try]] = []
    print("| project | closed positions | tried | first | among five | p95 ms CPU |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, made in sets:
        chosen = random.Random(f"{args.seed} {name}").sample(found[name], quota[name])
        tries = [replay(made, position) for position in chosen]
        every += [(name, each) for each in tries]
        _report(name, tries, len(found[name]))
    own = [each for name, each in every if name != "TPC-DS"]
    _report("all projects", own, sum(len(each) for name, each in found.items() if name != "TPC-DS"))
    print("\n| clause | tried | first | among five |")
    print("| --- | ---: | ---: | ---: |")
    for clause, number in Counter(each.position.clause for _, each in every).most_common():
        tries = [each for _, each in every if each.position.clause == clause]
        first = sum(each.rank == 0 for each in tries) / number
        five = sum(each.rank is not None and each.rank < 5 for each in tries) / number
        print(f"| {clause} | {number} | {first:.1%} | {five:.1%} |")
    if args.misses:
        with args.misses.open("w", encoding="utf-8") as out:
            for name, each in every:
                if each.rank is None or each.rank >= 5:
                    where = each.position
                    line = next(made for known, made in sets if known == name).text(where.path)
                    shown = line.text[max(0, where.span.start - 60) : where.span.end + 40] if line is not None else ""
                    out.write(f"{name} {where.path}:{where.span.start} {where.clause} {where.name} #{each.rank}\n")
                    out.write(f"    {shown!r}\n    {each.shown}\n")
    return 0


def workspaces(corpus: Path, only: list[str]) -> Iterator[tuple[str, Workspace]]:
    """TPC-DS and the projects of a folder that match one of some globs (all without any), each read once."""
    for folder in sorted(each for each in corpus.iterdir() if each.is_dir() and "+" in each.name):
        is_tpc = (folder / "tests/fixtures/optimizer/tpc-ds/tpc-ds.sql").is_file()
        name = "TPC-DS" if is_tpc else folder.name.replace("+", "/")
        if (only and not any(fnmatch.fnmatch(name, f"*{glob}*") for glob in only)) or "pypi/" in name:
            continue
        yield name, learned(MemoryFiles(tpcds(folder)), ROOT) if is_tpc else learned(DiskFiles(), str(folder))


def quotas(sizes: dict[str, int], count: int) -> dict[str, int]:
    """TPC-DS gets the whole count; the projects share another one evenly, as far as they have so many."""
    quota = {name: min(size, count) for name, size in sizes.items() if name == "TPC-DS"}
    left, names = count, sorted((name for name in sizes if name != "TPC-DS"), key=lambda each: sizes[each])
    for at, name in enumerate(names):
        quota[name] = min(sizes[name], left // (len(names) - at))
        left -= quota[name]
    return quota


if __name__ == "__main__":
    raise SystemExit(main())
