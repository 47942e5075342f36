"""``--fix``, ``--diff`` and the baseline: what ends up on disk."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from pipesense.cli import fixing
from pipesense.host.write import WriteRefused
from unit.cli.conftest import Project

FIXES = [
    ("a safe one", "a BAD-error-safe b", ["--fix"], "a GOOD b", 0),
    ("several in one file", "BAD-error-safe\nBAD-error-safe\n", ["--fix"], "GOOD\nGOOD\n", 0),
    ("one that uncovers another", "BAD-error-safe-twice", ["--fix"], "GOOD", 0),
    ("what is not shown stays", "BAD-hint-safe BAD-info-safe", ["--fix"], "BAD-hint-safe GOOD", 0),
    ("what is shown when asked for", "BAD-hint-safe", ["--fix", "--level", "hint"], "GOOD", 0),
    ("unsafe ones stay", "BAD-error-unsafe BAD-error-safe", ["--fix"], "BAD-error-unsafe GOOD", 1),
    ("unless asked for", "BAD-error-unsafe BAD-error-safe", ["--fix", "--unsafe-fixes"], "GOOD GOOD", 0),
    ("advice is never applied", "BAD-error-display", ["--fix", "--unsafe-fixes"], "BAD-error-display", 1),
    (
        "a refused one stays, the next is applied",
        "BAD-error-refused BAD-error-safe",
        ["--fix"],
        "BAD-error-refused GOOD",
        1,
    ),
    ("line breaks stay", "a\r\nBAD-error-safe\r\n", ["--fix"], "a\r\nGOOD\r\n", 0),
    ("nothing without --fix", "BAD-error-safe", [], "BAD-error-safe", 1),
    ("nothing with --diff", "BAD-error-safe", ["--diff"], "BAD-error-safe", 1),
    ("nothing with --fix --diff", "BAD-error-safe", ["--fix", "--diff"], "BAD-error-safe", 1),
]


@pytest.mark.parametrize(
    ("before", "arguments", "after", "code"), [row[1:] for row in FIXES], ids=[row[0] for row in FIXES]
)
def test_fix(project: Project, before: str, arguments: list[str], after: str, code: int) -> None:
    project.write({"a.sql": before})
    assert project.check(*arguments).code == code
    assert project.read("a.sql") == after
    assert project.files() == ["a.sql"]


def test_what_was_fixed_is_told(project: Project) -> None:
    project.write({"a.sql": "BAD-error-safe BAD-error-refused", "b.sql": "BAD-warning-safe"})
    ran = project.check("--fix", "--format", "json")
    assert ran.data["summary"]["fixed"] == 2
    assert ran.data["not_fixed"] == ["a.sql: quality/bad-word, Write GOOD: it cannot be written here."]
    assert ran.found == ["a.sql:1:6 error"]
    project.write({"a.sql": "BAD-error-safe BAD-error-refused"})
    out = project.check("--fix").out
    assert "not fixed: a.sql: quality/bad-word, Write GOOD: it cannot be written here." in out
    assert "1 finding fixed." in out


def test_only_files_that_were_asked_for_are_fixed(project: Project) -> None:
    project.write({"a.sql": "BAD-error-safe", "b.sql": "BAD-error-safe"})
    project.check("a.sql", "--fix")
    assert (project.read("a.sql"), project.read("b.sql")) == ("GOOD", "BAD-error-safe")


def test_a_file_that_changed_after_it_was_analysed_is_left_alone(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write({"a.sql": "BAD-error-safe", "b.sql": "BAD-error-safe"})
    real = fixing.apply_fixes

    def meanwhile(*arguments: object, **options: object) -> fixing.Applied:
        project.write({"a.sql": "BAD-error-safe, and more"})
        return real(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(fixing, "apply_fixes", meanwhile)
    ran = project.check("--fix")
    assert (project.read("a.sql"), project.read("b.sql")) == ("BAD-error-safe, and more", "GOOD")
    assert "the file changed on disk since it was read" in ran.out
    assert ran.code == 1


def test_a_file_that_changes_at_the_last_moment_takes_its_partners_along(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write({"a.sql": "BAD-error-pair", "b.sql": "fine"})
    real = fixing.check_unchanged

    def changed(file: fixing.DiskFile) -> None:
        if file.path.endswith("b.sql"):
            raise WriteRefused(file.path, "it changed on disk since it was read; run the command again")
        real(file)

    monkeypatch.setattr(fixing, "check_unchanged", changed)
    ran = project.check("--fix", "--format", "json")
    assert (project.read("a.sql"), project.read("b.sql")) == ("BAD-error-pair", "fine")
    assert ran.found == ["a.sql:1:1 error"], "what is reported is what is on disk"
    assert ran.data["summary"]["fixed"] == 0
    assert ran.data["not_fixed"] == ["b.sql: it changed on disk since it was read; run the command again."]


def test_a_fix_of_several_files(project: Project) -> None:
    project.write({"a.sql": "BAD-error-pair", "b.sql": "fine"})
    assert project.check("--fix").code == 0
    assert (project.read("a.sql"), project.read("b.sql")) == ("GOOD", "-- changed too\nfine")


DIFFS = [
    ("one line", "a\nBAD-error-safe\nb\n"),
    ("no line break at the end", "a\nBAD-error-safe"),
    ("carriage returns", "a\r\nBAD-error-safe\r\nb\r\n"),
    ("a form feed is no line break", "a\x0cb\nBAD-error-safe\n"),
]


@pytest.mark.parametrize("before", [row[1] for row in DIFFS], ids=[row[0] for row in DIFFS])
def test_a_diff_is_a_patch_that_git_applies(project: Project, before: str, tmp_path: Path) -> None:
    project.write({"sub/a.sql": before})
    ran = project.check("--diff")
    assert ran.code == 1
    assert "would fix 1 finding in 1 file; nothing was written." in ran.err
    patch = tmp_path / "fix.patch"
    patch.write_bytes(ran.out.encode())
    subprocess.run(["git", "init", "-q"], cwd=project.root, check=True)
    subprocess.run(["git", "apply", "--whitespace=nowarn", patch], cwd=project.root, check=True)
    assert project.read("sub/a.sql") == before.replace("BAD-error-safe", "GOOD")


def test_no_diff_where_there_is_nothing_to_fix(project: Project) -> None:
    project.write({"a.sql": "BAD-error"})
    ran = project.check("--diff")
    assert (ran.code, ran.out) == (1, "")


def test_a_diff_of_standard_input(project: Project) -> None:
    project.write({"a.sql": "old"})
    ran = project.check("--diff", "--stdin-filename", "a.sql", stdin=b"BAD-error-safe")
    assert (
        ran.out
        == "--- a/a.sql\n+++ b/a.sql\n@@ -1 +1 @@\n-BAD-error-safe\n\\ No newline at end of file\n+GOOD\n\\ No newline at end of file\n"
    )


def test_a_baseline_hides_what_it_records_and_nothing_else(project: Project) -> None:
    project.write({"a.sql": "BAD-error", "b.sql": "BAD-warning"})
    written = project.check("--baseline", "known.json", "--write-baseline")
    assert (written.code, written.err) == (0, "pipesense: 2 findings recorded in known.json.\n")
    entries = json.loads(project.read("known.json"))["findings"]
    assert [(entry["path"], entry["rule"]) for entry in entries] == [
        ("a.sql", "quality/bad-word"),
        ("b.sql", "quality/bad-word"),
    ]
    project.write({"b.sql": "BAD-warning BAD-error"})
    ran = project.check("--baseline", "known.json", "--format", "json")
    assert (ran.code, ran.found, ran.data["summary"]["in_baseline"]) == (1, ["b.sql:1:13 error"], 2)
    project.write({"b.sql": "BAD-warning"})
    ran = project.check("--baseline", "known.json")
    assert (ran.code, ran.out) == (0, "No findings in 2 files. 2 known findings in the baseline not shown.\n")


def test_a_known_finding_is_not_fixed(project: Project) -> None:
    project.write({"a.sql": "BAD-error-safe"})
    project.check("--baseline", "known.json", "--write-baseline")
    assert project.check("--baseline", "known.json", "--fix").code == 0
    assert project.read("a.sql") == "BAD-error-safe"


def test_a_baseline_that_is_written_again_is_the_same(project: Project) -> None:
    project.write({"a.sql": "BAD-error", "b.sql": "BAD-hint"})
    project.check("--baseline", "known.json", "--write-baseline")
    first = project.read("known.json")
    project.check("--baseline", "known.json", "--write-baseline")
    assert project.read("known.json") == first


def test_the_baseline_of_the_settings(project: Project) -> None:
    project.write({"a.sql": "BAD-error", "pipesense.toml": 'baseline = "ci/known.json"\n'})
    assert project.check().code == 2, "it is not there yet"
    assert project.check("--write-baseline").code == 0
    assert (project.root / "ci" / "known.json").exists()
    assert project.check().code == 0


BAD_BASELINES = [
    (None, "there is no such file; --write-baseline makes it."),
    ("nonsense", "it is not JSON"),
    ("[]", 'it has no list "findings"'),
    ('{"findings": [1]}', 'an entry of "findings" is not'),
    ('{"findings": [{"path": "a", "rule": "b", "fingerprint": 3}]}', 'an entry of "findings" is not'),
]


@pytest.mark.parametrize(("text", "reason"), BAD_BASELINES)
def test_a_baseline_that_cannot_be_read(project: Project, text: str | None, reason: str) -> None:
    project.write({"a.sql": "BAD-error"} if text is None else {"a.sql": "BAD-error", "known.json": text})
    ran = project.check("--baseline", "known.json")
    assert ran.code == 2
    assert f"known.json cannot be read: {reason}" in ran.out
    assert "a.sql:1:1: error" in ran.out


def test_a_baseline_without_a_place(project: Project) -> None:
    ran = project.check("--write-baseline")
    assert ran.code == 2
    assert "name the file with --baseline" in ran.err
