"""The draw of findings to be read by hand."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import sample
from corpus_model import Hit, Run, SqlFile, Unread, Verdict, as_json, read_runs, read_verdicts
from corpus_report import Heading, report


def hits(rule: str, project: str, count: int, severity: str = "warning") -> list[Hit]:
    return [Hit(project, rule, severity, f"{n}.sql", n, "text", f"{project}-{rule}-{n}") for n in range(1, count + 1)]


def test_every_loud_rule_is_drawn_and_quiet_ones_are_not() -> None:
    found = [*hits("a/x", "p/p", 30), *hits("b/y", "p/p", 3, "error"), *hits("c/z", "p/p", 9, "info")]
    drawn = sample.draw(found, seed=1, per_rule=10, at_least=0)
    assert Counter(hit.rule for hit in drawn) == {"a/x": 10, "b/y": 3}


def test_projects_take_turns() -> None:
    found = [*hits("a/x", "big/one", 500), *hits("a/x", "small/one", 2), *hits("a/x", "small/two", 2)]
    drawn = sample.draw(found, seed=1, per_rule=6, at_least=0)
    assert Counter(hit.project for hit in drawn) == {"big/one": 2, "small/one": 2, "small/two": 2}


def test_more_are_drawn_until_there_are_enough() -> None:
    found = [*hits("a/x", "p/p", 40), *hits("b/y", "p/p", 12)]
    assert Counter(hit.rule for hit in sample.draw(found, seed=1, per_rule=10, at_least=30)) == {"a/x": 18, "b/y": 12}


def test_one_finding_more_leaves_the_others_in_the_sample() -> None:
    before = sample.draw(hits("a/x", "p/p", 50), seed=3, per_rule=10, at_least=0)
    after = sample.draw(hits("a/x", "p/p", 51), seed=3, per_rule=10, at_least=0)
    assert len(set(before) & set(after)) >= 9
    assert set(before) != set(sample.draw(hits("a/x", "p/p", 50), seed=4, per_rule=10, at_least=0))


def test_the_second_reading_does_not_see_the_first(tmp_path: Path, capsys) -> None:
    runs, verdicts = tmp_path / "runs.json", tmp_path / "verdicts.toml"
    runs.write_text(as_json((Run("p/p", 1, 1.0, None, hits=tuple(hits("a/x", "p/p", 5))),)))
    table = '[[verdict]]\nproject = "p/p"\nrule = "a/x"\npath = "2.sql"\nline = 2\nis = "wrong"\nnote = "secret"\n'
    verdicts.write_text(table)
    assert sample.main([str(runs), "--verdicts", str(verdicts), "--again", "9"]) == 0
    printed = capsys.readouterr().out
    assert "2.sql:2" in printed
    assert "wrong" not in printed and "secret" not in printed and "3.sql" not in printed


def test_what_is_still_to_be_read_is_printed_as_tables_to_fill_in(tmp_path: Path, capsys) -> None:
    runs, verdicts = tmp_path / "runs.json", tmp_path / "none.toml"
    pieces = {"unread": (Unread("1.sql", 2, "why"),), "recognised": (Unread("1.sql", None, "why"),)}
    listed = (SqlFile("1.sql", 3, "mysql", "why"),)
    written = (Run("p/p", 1, 1.0, None, hits=tuple(hits("a/x", "p/p", 2)), sql_files=listed, **pieces),)
    runs.write_text(as_json(written))
    assert read_runs(runs) == written
    assert sample.main([str(runs), "--verdicts", str(verdicts)]) == 0
    filled = tmp_path / "filled.toml"
    filled.write_text(capsys.readouterr().out.replace('is = ""', 'is = "right"\nagain = "arguable"'))
    assert {(v.line, v.judgement, v.again) for v in read_verdicts(filled)} == {
        (1, "right", "arguable"),
        (2, "right", "arguable"),
    }


def test_the_report_says_how_far_two_readings_differ() -> None:
    found = hits("a/x", "p/p", 3)
    verdicts = [
        Verdict("p/p", "a/x", "1.sql", "right", line=1, again="wrong"),
        Verdict("p/p", "a/x", "2.sql", "right", line=2, again="right"),
        Verdict("p/p", "a/x", "3.sql", "right", line=3),
    ]
    page = report(Heading("c", "v", "m"), [Run("p/p", 1, 1.0, None, hits=tuple(found))], verdicts, ())
    assert "2 findings were judged twice, the second time without knowing the first; 1 differ." in page
    assert "- p/p 1.sql:1 a/x: right, then wrong" in page
