"""Which files of a project are read, and which project a path belongs to."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipesense.host.discovery import nearest_config, project_root
from pipesense.host.disk import DiskFiles
from pipesense.host.ignore import IgnoreFiles


def lay(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def listed(root: Path, below: str = "") -> list[str]:
    top = root / below if below else root
    return [path.removeprefix(f"{root}/") for path in DiskFiles().listing(str(top))]


LISTINGS: list[tuple[str, dict[str, str], list[str]]] = [
    (
        "code, settings, versions, seeds and docs; nothing else",
        {
            "dags/a.py": "",
            "sql/a.sql": "",
            "pyproject.toml": "",
            "pipesense.toml": "",
            "requirements.txt": "",
            "requirements-dev.txt": "",
            "README.md": "",
            "a.csv": "",
            "a.tsv": "",
            "notes.txt": "",
        },
        [
            *("README.md", "a.csv", "pipesense.toml", "pyproject.toml", "requirements-dev.txt", "requirements.txt"),
            *("dags/a.py", "sql/a.sql"),
        ],
    ),
    (
        "not the user's own work",
        {
            "a.py": "",
            ".git/hooks/a.py": "",
            "node_modules/x/a.py": "",
            "__pycache__/a.py": "",
            "lib/site-packages/x.py": "",
            "dbt_packages/x/models/a.sql": "",
            "my-env/pyvenv.cfg": "",
            "my-env/lib/a.py": "",
        },
        ["a.py"],
    ),
    (
        "target is a build folder beside a build file only",
        {"sql/target/load.sql": "", "dbt/dbt_project.yml": "", "dbt/target/run/a.sql": "", "dbt/models/a.sql": ""},
        ["dbt/dbt_project.yml", "dbt/models/a.sql", "sql/target/load.sql"],
    ),
    (
        "ignored by version control",
        {
            ".gitignore": "build/\n*.gen.sql\n/only_here.py\n",
            "build/a.py": "",
            "a.gen.sql": "",
            "only_here.py": "",
            "b/only_here.py": "",
        },
        ["b/only_here.py"],
    ),
    (
        "a nearer ignore file decides",
        {
            ".gitignore": "*.sql\n",
            "sql/.gitignore": "!keep.sql\n",
            "sql/keep.sql": "",
            "sql/drop.sql": "",
            "top.sql": "",
        },
        ["sql/keep.sql"],
    ),
    ("a pattern nobody can read is passed over", {".gitignore": "[z-a\n!\nb.py\n", "a.py": "", "b.py": ""}, ["a.py"]),
    ("an ignore file of comments", {".gitignore": "# nothing\n\n", "a.py": ""}, ["a.py"]),
]


@pytest.mark.parametrize(("files", "expected"), [row[1:] for row in LISTINGS], ids=[row[0] for row in LISTINGS])
def test_listing(tmp_path: Path, files: dict[str, str], expected: list[str]) -> None:
    assert listed(lay(tmp_path, files)) == expected


def test_ignore_files_above_the_root_count_up_to_the_repository(tmp_path: Path) -> None:
    lay(tmp_path, {".gitignore": "*.py", "repo/.git/x": "", "repo/.gitignore": "*.gen.sql", "repo/sub/a.gen.sql": ""})
    lay(tmp_path, {"repo/sub/b.sql": "", "repo/sub/c.py": ""})
    assert listed(tmp_path, "repo/sub") == ["repo/sub/b.sql", "repo/sub/c.py"]


def test_links_to_folders_are_not_followed(tmp_path: Path) -> None:
    lay(tmp_path, {"dags/a.py": ""})
    (tmp_path / "dags" / "again").symlink_to(tmp_path)
    (tmp_path / "dags" / "broken.py").symlink_to("nowhere.py")
    assert listed(tmp_path) == ["dags/a.py"]


def test_a_root_that_is_gone_holds_nothing(tmp_path: Path) -> None:
    assert listed(tmp_path, "gone") == []


HIDDEN = [
    ("build", True, True),
    ("build/deep/a.py", False, True),
    (".venv/lib/a.py", False, True),
    ("a.gen.sql", False, True),
    ("dags/a.py", False, False),
    ("dags", True, False),
    ("", True, False),
]


@pytest.mark.parametrize(("path", "is_folder", "hidden"), HIDDEN)
def test_hidden(tmp_path: Path, path: str, is_folder: bool, hidden: bool) -> None:
    lay(tmp_path, {".git/x": "", ".gitignore": "build/\n*.gen.sql\n"})
    asked = f"{tmp_path}/{path}" if path else str(tmp_path)
    assert IgnoreFiles(str(tmp_path)).hides(asked, is_folder=is_folder) is hidden


SETTINGS = "[tool.pipesense]\nselect = ['all']\n"
ROOTS: list[tuple[str, dict[str, str], str, str]] = [
    ("a repository", {".git/HEAD": "", "a/b/c.py": ""}, "a/b/c.py", ""),
    ("settings of its own", {".git/HEAD": "", "a/pipesense.toml": "", "a/b/c.py": ""}, "a/b/c.py", "a"),
    ("settings in pyproject.toml", {".git/HEAD": "", "a/pyproject.toml": SETTINGS, "a/b/c.py": ""}, "a/b/c.py", "a"),
    (
        "settings that are broken TOML",
        {".git/HEAD": "", "a/pyproject.toml": SETTINGS + "=", "a/c.py": ""},
        "a/c.py",
        "a",
    ),
    ("a pyproject.toml without any", {".git/HEAD": "", "a/pyproject.toml": "[project]\n", "a/c.py": ""}, "a/c.py", ""),
    ("a dbt project", {"a/dbt_project.yml": "", "a/models/b/c.sql": ""}, "a/models/b/c.sql", "a"),
    ("none: the file's folder", {"a/b/c.py": ""}, "a/b/c.py", "a/b"),
    ("none: the folder itself", {"a/b/c.py": ""}, "a", "a"),
]


@pytest.mark.parametrize(("files", "path", "root"), [row[1:] for row in ROOTS], ids=[row[0] for row in ROOTS])
def test_project_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], path: str, root: str
) -> None:
    # The folder for temporary files ends the search, so it has to be above the project here.
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path.parent))
    lay(tmp_path, files)
    assert project_root(f"{tmp_path}/{path}") == (f"{tmp_path}/{root}" if root else str(tmp_path))


def test_a_file_among_everything_else_has_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(tmp_path, {"a.py": "", ".git/HEAD": ""})
    monkeypatch.setenv("HOME", str(tmp_path))
    assert project_root(f"{tmp_path}/a.py") is None
    assert project_root(str(tmp_path)) == str(tmp_path)


CONFIGS: list[tuple[str, dict[str, str], str | None]] = [
    ("nearest wins", {"pipesense.toml": "", "a/pyproject.toml": SETTINGS}, "a/pyproject.toml"),
    (
        "pipesense.toml before pyproject.toml",
        {"a/pipesense.toml": "", "a/pyproject.toml": SETTINGS},
        "a/pipesense.toml",
    ),
    (
        "a pyproject.toml that says nothing is passed over",
        {"pipesense.toml": "", "a/pyproject.toml": ""},
        "pipesense.toml",
    ),
]


@pytest.mark.parametrize(("files", "config"), [row[1:] for row in CONFIGS], ids=[row[0] for row in CONFIGS])
def test_nearest_config(tmp_path: Path, files: dict[str, str], config: str | None) -> None:
    lay(tmp_path, {**files, "a/b/c.py": ""})
    assert nearest_config(f"{tmp_path}/a/b/c.py") == f"{tmp_path}/{config}"
