"""Rename columns at random places, rename them back, and compare every byte.

    python tests/corpus/replay_rename.py --corpus DIR [--count 500] [--seed 1] [--only GLOB]

The places are those of replay_completion.py, drawn in the same way with the same seed. A column of a table is renamed
where the table is made, so most renames that start in a query are refused with a reason; those are counted by it.
Between the two renames all files that were changed are analysed again: what no longer reads a column is told as well.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
for _part in ("server", "rules", "tests"):
    sys.path.insert(0, str(HERE.parents[1] / _part))

from corpus.replay_completion import Position, positions, quotas, workspaces
from pipesense.engine.workspace import Workspace
from pipesense.model.change import Refusal
from pipesense.text.edit import TextEdit

NEW = "pipesense_renamed"


@dataclass(frozen=True)
class Outcome:
    """What became of one rename: "" for the same bytes again, else why not; ``files`` and ``places`` it changed."""

    position: Position
    refused: str = ""
    broken: str = ""
    files: int = 0
    places: int = 0


def _applied(text: str, edits: Sequence[TextEdit]) -> str:
    for edit in sorted(edits, key=lambda edit: edit.span, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


def _shown(made: Workspace, texts: Mapping[str, str]) -> None:
    for path, text in texts.items():
        made.open(path, text)
    for path in texts:
        made.analyse(path)


def replay(made: Workspace, position: Position) -> Outcome:
    """Rename the column, rename it back, and put everything back."""
    names = made.features.names_of(position.path, position.span.start)
    answer = names.rename(position.path, position.span.start, NEW)
    if isinstance(answer, Refusal):
        return Outcome(position, refused=re.sub(r"`[^`]*`|\b\S*[._]\S*\b", "x", answer.why))
    before = {path: buffer.text for path in answer if (buffer := made.text(path)) is not None}
    after = {path: _applied(text, answer[path]) for path, text in before.items()}
    offset = position.span.start + sum(
        len(edit.text) - (edit.span.end - edit.span.start)
        for edit in answer.get(position.path, ())
        if edit.span.end <= position.span.start
    )
    places = sum(map(len, answer.values()))
    try:
        _shown(made, after)
        back = made.features.names_of(position.path, offset).rename(position.path, offset, position.name.strip('"`[]'))
        if isinstance(back, Refusal):
            return Outcome(position, broken=f"cannot be renamed back: {back.why}", files=len(before), places=places)
        if back.keys() != before.keys():
            return Outcome(position, broken="the way back changes other files", files=len(before), places=places)
        same = all(_applied(after[path], edits) == before[path] for path, edits in back.items())
        return Outcome(position, broken="" if same else "other bytes", files=len(before), places=places)
    finally:
        _shown(made, before)
        for path in before:
            made.close(path)


def main() -> int:
    """Replay and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--count", type=int, default=500, help="positions of TPC-DS, and as many of all projects")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", default=[], metavar="GLOB", help="only projects that match")
    args = parser.parse_args()
    sets = list(workspaces(args.corpus, args.only))
    found = {name: list(positions(made)) for name, made in sets}
    quota = quotas({name: len(each) for name, each in found.items()}, args.count)
    print("| project | tried | renamed | places | same bytes again | refused |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    refusals: Counter[str] = Counter()
    wrong: list[Outcome] = []
    for name, made in sets:
        chosen = random.Random(f"{args.seed} {name}").sample(found[name], quota[name])
        tries = [replay(made, position) for position in chosen]
        renamed = [each for each in tries if not each.refused]
        refusals.update(each.refused for each in tries if each.refused)
        wrong += [each for each in renamed if each.broken]
        places, same = sum(each.places for each in renamed), sum(not each.broken for each in renamed)
        print(
            f"| {name} | {len(tries)} | {len(renamed)} | {places} | {same} | {len(tries) - len(renamed)} |", flush=True
        )
    print("\nrefused:")
    for why, number in refusals.most_common():
        print(f"{number:5} {why}")
    for each in wrong:
        print(f"WRONG {each.position.path}:{each.position.span.start} {each.position.name}: {each.broken}")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
