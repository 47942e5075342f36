"""Draw the findings to be read by hand: seeded, every rule, spread over the projects.

    python tests/corpus/sample.py corpus-report.json             # what is still to be read, as [[verdict]] tables
    python tests/corpus/sample.py corpus-report.json --again 30  # judged ones to be judged once more, unseen

The input is what ``run.py --json`` wrote.  A finding's place in the draw depends on the seed and on the finding alone,
so a rule that finds one thing more does not change the rest of the sample.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, zip_longest
from pathlib import Path

from corpus_model import Hit, Run, Verdict, read_runs, read_verdicts
from corpus_report import judge

HERE = Path(__file__).resolve().parent
LOUD = ("error", "warning")


def draw(hits: Iterable[Hit], seed: int, per_rule: int, at_least: int) -> list[Hit]:
    """``per_rule`` findings of every rule that is an error or a warning, then more in turn until ``at_least``.

    Within a rule the projects take turns, so that a project with many findings does not crowd out the others.
    """
    rules: dict[str, list[Hit]] = defaultdict(list)
    for hit in sorted(hits, key=lambda hit: _lot(seed, hit)):
        if hit.severity in LOUD:
            rules[hit.rule].append(hit)
    queues = {rule: _in_turn(group) for rule, group in sorted(rules.items())}
    taken = [hit for queue in queues.values() for hit in queue[:per_rule]]
    rest = _interleaved([queue[per_rule:] for queue in queues.values()])
    return [*taken, *list(rest)[: max(0, at_least - len(taken))]]


def draw_again(hits: Iterable[Hit], verdicts: Sequence[Verdict], seed: int, count: int) -> list[Hit]:
    """Findings that somebody judged, for a second judgement; those that have one already are kept."""
    run = Run("", 0, 0.0, None, hits=tuple(hits))
    judged, _ = judge([run], verdicts)
    loud = [hit for hit in judged if hit.severity in LOUD]
    return sorted(loud, key=lambda hit: (judged[hit].again == "", _lot(seed, hit)))[:count]


def _lot(seed: int, hit: Hit) -> bytes:
    text = "\0".join((str(seed), hit.project, hit.rule, hit.path, hit.fingerprint))
    return hashlib.blake2b(text.encode(), digest_size=8).digest()


def _in_turn(hits: Sequence[Hit]) -> list[Hit]:
    projects: dict[str, list[Hit]] = defaultdict(list)
    for hit in hits:
        projects[hit.project].append(hit)
    return list(_interleaved(list(projects.values())))


def _interleaved(groups: Sequence[Sequence[Hit]]) -> Iterator[Hit]:
    return (hit for hit in chain.from_iterable(zip_longest(*groups)) if hit is not None)


def skeleton(hit: Hit) -> str:
    """The table to be filled in."""
    fields = {
        "project": hit.project,
        "rule": hit.rule,
        "path": hit.path,
        "line": hit.line,
        "fingerprint": hit.fingerprint,
        "is": "",
        "note": "",
    }
    said = "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in fields.items())
    return f"[[verdict]]\n{said}# {' '.join(hit.message.split())}\n"


def main(argv: list[str] | None = None) -> int:
    """Print the sample."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, help="what run.py --json wrote")
    parser.add_argument("--verdicts", type=Path, default=HERE / "verdicts")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--per-rule", type=int, default=10)
    parser.add_argument("--at-least", type=int, default=300)
    parser.add_argument(
        "--again", type=int, default=0, metavar="N", help="list N judged findings without their verdict"
    )
    args = parser.parse_args(argv)
    hits = [hit for run in read_runs(args.runs) for hit in run.hits]
    verdicts = read_verdicts(args.verdicts) if args.verdicts.exists() else ()
    if args.again:
        for hit in draw_again(hits, verdicts, args.seed, args.again):
            print(f"{hit.project} {hit.path}:{hit.line} {hit.rule} {hit.fingerprint}")
        return 0
    sample = draw(hits, args.seed, args.per_rule, args.at_least)
    judged, _ = judge([Run("", 0, 0.0, None, hits=tuple(sample))], verdicts)
    said = [judged[hit].judgement for hit in sample if hit in judged]
    print(f"# {len(sample)} findings of {len({hit.rule for hit in sample})} rules, seed {args.seed};", end=" ")
    print(
        f"{len(said)} judged: {said.count('right')} right, {said.count('wrong')} wrong, {said.count('arguable')} arguable"
    )
    for hit in sample:
        if hit not in judged:
            print()
            print(skeleton(hit), end="")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
