"""``pipesense check``: what is shown for which paths and options, and with which exit code it ends."""

from __future__ import annotations

import pytest

from unit.cli.conftest import Project

ONE_OF_EACH = "BAD-error\nBAD-warning\nBAD-info\nBAD-hint\n"

EXITS = [
    ("nothing found", "fine", [], 0),
    ("an error", "BAD-error", [], 1),
    ("a warning", "BAD-warning", [], 1),
    ("an info does not fail", "BAD-info", [], 0),
    ("unless it is asked to", "BAD-info", ["--fail-on", "info"], 1),
    ("a hint neither", "BAD-hint", [], 0),
    ("unless, in capitals", "BAD-hint", ["--fail-on", "HINT"], 1),
    ("a warning where only errors fail", "BAD-warning", ["--fail-on", "error"], 0),
    ("what is not shown still fails", "BAD-warning", ["--level", "error"], 1),
    ("an internal error", "CRASH", [], 3),
    ("an internal error beside findings", "CRASH BAD-error", [], 3),
    ("an unknown rule", "BAD-error", ["--select", "quality/nonsense"], 2),
    ("an unknown rule to ignore", "BAD-error", ["--ignore", "nonsense"], 2),
    ("a file that is not there", "fine", ["a.sql", "gone.sql"], 2),
    ("an unknown option", "fine", ["--nonsense"], 2),
    ("an abbreviated option", "fine", ["--form", "json"], 2),
    ("an unknown format", "fine", ["--format", "yaml"], 2),
    ("an unknown severity", "fine", ["--level", "fatal"], 2),
    ("unsafe fixes alone", "fine", ["--unsafe-fixes"], 2),
    ("a patch in JSON", "fine", ["--diff", "--format", "json"], 2),
    ("a patch and a baseline", "fine", ["--diff", "--write-baseline"], 2),
    ("standard input without a name", "fine", ["-"], 2),
    ("standard input and a path", "fine", ["--stdin-filename", "a.sql", "b.sql"], 2),
    ("standard input cannot be fixed", "fine", ["--stdin-filename", "a.sql", "--fix"], 2),
]


@pytest.mark.parametrize(("text", "arguments", "code"), [row[1:] for row in EXITS], ids=[row[0] for row in EXITS])
def test_exit_code(project: Project, text: str, arguments: list[str], code: int) -> None:
    project.write({"a.sql": text})
    assert project.check(*arguments).code == code


PATHS = [
    ("the current folder", [], ["a.sql:1:1 error", "sub/b.py:1:1 error", "sub/deep/c.py:1:1 error"]),
    ("a folder", ["sub"], ["sub/b.py:1:1 error", "sub/deep/c.py:1:1 error"]),
    ("a folder with a slash", ["sub/"], ["sub/b.py:1:1 error", "sub/deep/c.py:1:1 error"]),
    ("a file", ["sub/b.py"], ["sub/b.py:1:1 error"]),
    ("the same twice", ["a.sql", "./a.sql"], ["a.sql:1:1 error"]),
    ("a folder and a file", ["sub/deep", "a.sql"], ["a.sql:1:1 error", "sub/deep/c.py:1:1 error"]),
    ("an ignored file that is named", ["build/d.py"], ["build/d.py:1:1 error"]),
    ("an ignored folder that is named", ["build"], ["build/d.py:1:1 error"]),
]


@pytest.mark.parametrize(("paths", "found"), [row[1:] for row in PATHS], ids=[row[0] for row in PATHS])
def test_findings_of_paths(project: Project, paths: list[str], found: list[str]) -> None:
    project.write(dict.fromkeys(("a.sql", "sub/b.py", "sub/deep/c.py", "build/d.py"), "BAD-error"))
    project.write({".gitignore": "build/\n"})
    assert project.check(*paths, "--format", "json").found == found


def test_the_whole_project_is_read_for_one_file(project: Project) -> None:
    project.write({"a.sql": "CRASH", "sub/b.py": "BAD-error"})
    ran = project.check("sub/b.py")
    assert ran.code == 3, "the failure is in a file that was only read, not shown"
    assert "a.sql" in ran.out


def test_paths_outside_the_working_directory_are_absolute(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write({"a.sql": "BAD-error", "sub/x.py": ""})
    monkeypatch.chdir(project.root / "sub")
    assert project.check("../a.sql", "--format", "json").found == [f"{project.root}/a.sql:1:1 error"]


def test_columns_are_code_points(project: Project) -> None:
    project.write({"a.sql": "'😀é' BAD-error"})
    place = project.check("--format", "json").data["findings"][0]["range"]
    assert place == {"start": {"line": 1, "column": 6}, "end": {"line": 1, "column": 15}}


def test_json_has_all_levels_and_counts_them(project: Project) -> None:
    project.write({"a.sql": ONE_OF_EACH, "b.py": "GAP"})
    data = project.check("--format", "json", "--level", "error").data
    assert [row["severity"] for row in data["findings"]] == ["error", "warning", "info", "hint"]
    assert data["not_analysed"] == [
        {
            "path": "b.py",
            "range": {"start": {"line": 1, "column": 1}, "end": {"line": 1, "column": 4}},
            "why": "nobody can read it",
        }
    ]
    seconds = data["summary"].pop("seconds")
    assert seconds > 0
    assert data["summary"] == {
        "files": 2, "statements": 5, "errors": 1, "warnings": 1, "infos": 1, "hints": 1, "in_baseline": 0, "fixed": 0,
    }  # fmt: skip


LEVELS = [([], 3), (["--level", "error"], 1), (["--level", "warning"], 2), (["--level", "hint"], 4)]


@pytest.mark.parametrize(("arguments", "shown"), LEVELS)
def test_level(project: Project, arguments: list[str], shown: int) -> None:
    project.write({"a.sql": ONE_OF_EACH})
    out = project.check(*arguments).out
    assert out.count("[quality/bad-word]") == shown
    assert ("not shown" in out) is (shown < 4)


BAD_INPUT: list[tuple[str, str, str | bytes | None, str]] = [
    ("binary", "x.py", b"a\0b", "it is a binary file (it holds a NUL byte)"),
    ("not UTF-8", "x.sql", b"-- caf\xe9", "it is not UTF-8 text (byte 0xe9 in line 1)"),
    ("too large", "x.sql", b" " * 10_000_001, "it has 10.0 MB; files above 10 MB are not read"),
]


@pytest.mark.parametrize(("name", "content", "why"), [row[1:] for row in BAD_INPUT], ids=[row[0] for row in BAD_INPUT])
def test_a_file_that_cannot_be_read(project: Project, name: str, content: bytes, why: str) -> None:
    project.write({name: content, "good.sql": "BAD-warning"})
    found = project.check("--format", "json")
    assert found.code == 1
    assert found.found == ["good.sql:1:1 warning"]
    assert [gap["path"] for gap in found.data["not_analysed"]] == [name]
    assert found.data["not_analysed"][0]["why"].startswith(why)
    assert f"{name}:1:1: not analysed: {why}" in project.check().out
    named = project.check(name)
    assert named.code == 2, "whoever names a file wants it judged"
    assert f"problem: {name} cannot be checked: {why}" in named.out


def test_a_file_of_another_kind_is_told_of(project: Project) -> None:
    project.write({"README.md": "BAD-error", "a.sql": "BAD-error"})
    ran = project.check("README.md", "a.sql")
    assert ran.code == 1
    assert "README.md:1:1: not analysed: it is neither Python, SQL, YAML nor JSON" in ran.out


def test_an_empty_folder(project: Project) -> None:
    ran = project.check()
    assert (ran.code, ran.out) == (0, "No findings in 0 files.\n")


CONFIGS = [
    ("broken TOML", "pipesense.toml", "select = [", "This is not valid TOML"),
    ("broken TOML with our table", "pyproject.toml", "[tool.pipesense]\nselect = [", "This is not valid TOML"),
    ("a wrong key", "pyproject.toml", "[tool.pipesense]\nselct = []", 'Did you mean "select"?'),
    (
        "an unknown rule",
        "pipesense.toml",
        'ignore = ["reliability/no-retry"]',
        'Did you mean "reliability/no-retries"?',
    ),
]


@pytest.mark.parametrize(("name", "text", "message"), [row[1:] for row in CONFIGS], ids=[row[0] for row in CONFIGS])
def test_a_mistake_in_the_settings(project: Project, name: str, text: str, message: str) -> None:
    project.write({name: text, "sub/a.sql": "BAD-error"})
    ran = project.check("sub")
    assert ran.code == 2
    assert f"{name}:1:1: error:" in ran.out
    assert message in ran.out
    assert "sub/a.sql:1:1: error: The word BAD-error stands here." in ran.out


def test_settings_of_another_folder_are_not_this_checks_business(project: Project) -> None:
    project.write({"other/pipesense.toml": "selct = []", "other/b.sql": "", "sub/a.sql": "BAD-error"})
    assert project.check("sub").code == 1


def test_an_unknown_rule_gets_a_suggestion(project: Project) -> None:
    project.write({"a.sql": "BAD-error"})
    ran = project.check("--select", "quality/load-without-chek,reliability")
    assert (
        "--select: there is no rule or concern quality/load-without-chek. Did you mean quality/load-without-check?"
        in ran.out
    )
    assert "[quality/bad-word]" in ran.out


def test_select_and_ignore_reach_the_engine(project: Project) -> None:
    project.write({"a.sql": "BAD-error"})
    assert project.check("--ignore", "quality/bad-word", "--ignore", "quality").code == 2, "no rule of that name here"
    assert project.check("--ignore", "quality,reliability").code == 1


def test_standard_input(project: Project) -> None:
    project.write({"dags/a.py": "fine", "dags/b.py": "BAD-error"})
    ran = project.check("--stdin-filename", "dags/a.py", "--format", "json", stdin="x = 1\n'é' BAD-warning".encode())
    assert (ran.code, ran.found) == (1, ["dags/a.py:2:5 warning"])
    assert project.check("-", "--stdin-filename", "dags/new.py", stdin=b"BAD-error").code == 1


def test_standard_input_that_is_no_text(project: Project) -> None:
    ran = project.check("--stdin-filename", "a.sql", stdin=b"\xff")
    assert ran.code == 2
    assert "Standard input cannot be read as a.sql: it is not UTF-8 text" in ran.out


def test_a_failure_names_rule_file_and_cause(project: Project) -> None:
    project.write({"a.sql": "CRASH", "b.sql": "BAD-error"})
    ran = project.check()
    assert "internal error: quality/bad-word failed on a.sql (ZeroDivisionError: division by zero)." in ran.out
    assert "b.sql:1:1: error" in ran.out


def test_verbose_tells_dialects_and_projects(project: Project) -> None:
    project.write({"a.sql": "BAD-error"})
    out = project.check("--verbose").out
    assert "a.sql: read as duckdb SQL (the settings say so)" in out
    assert f"project read: {project.root}" in out
    assert "read as duckdb SQL" not in project.check().out


def test_a_crash_of_the_command_is_an_internal_error(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipesense.cli.check._workspace", lambda session: 1 / 0)
    ran = project.check()
    assert ran.code == 3
    assert "internal error; please report this" in ran.err
    assert "ZeroDivisionError" in ran.err
