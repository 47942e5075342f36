"""In which form a project writes its checks, told from what the workspace holds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from pipesense.engine.project import Surroundings
from pipesense.lang.python.pins import FILES
from pipesense.text.regex import regex


class Form(Enum):
    """How checks are written; the values are the words of the command line."""

    SQL = "sql"
    DBT = "dbt"
    AIRFLOW = "airflow"
    GX = "gx"
    CODE = "code"
    """On the frame, in the script that writes it."""


_GX_FILES: Final = ("gx/great_expectations.yml", "great_expectations/great_expectations.yml", "great_expectations.yml")
_PROPERTIES: Final = ("schema", "_schema", "models", "_models", "properties", "_properties")
_PINNED: Final = regex(r"\bdbt[-_]core\s*(?:==|~=|>=)\s*(\d+(?:\.\d+)+)")
_REQUIRED: Final = regex(r"require-dbt-version\s*:\s*[^\d\n]*(\d+(?:\.\d+)+)")


@dataclass(frozen=True, slots=True)
class Model:
    """A dbt model's file: its name, the project's folder, and the folder below it that holds the model."""

    name: str
    project: str
    folder: str


def project_folder(surroundings: Surroundings, path: str) -> str:
    """The folder in which new files of a project are put."""
    root, folder = surroundings.root_of(path), surroundings.config(path).folder
    # A part of a project may be open alone: nobody there sees a file that is put outside of it.
    return root if root is not None and not f"{folder}/".startswith(f"{root}/") else folder or path.rpartition("/")[0]


def dbt_model(surroundings: Surroundings, path: str) -> Model | None:
    """The model that a file is: a SQL file below ``models`` of a dbt project."""
    folder, _, name = path.rpartition("/")
    if not name.endswith(".sql"):
        return None
    root = surroundings.root_of(path) or ""
    at = folder
    while at and len(at) >= len(root):
        if surroundings.files.exists(f"{at}/dbt_project.yml"):
            below = path[len(at) + 1 :]
            return Model(name[:-4], at, folder) if below.startswith("models/") else None
        at = at.rpartition("/")[0]
    return None


def described_in(surroundings: Surroundings, model: Model) -> str | None:
    """The properties file beside a model that describes it already."""
    folder = model.folder.rpartition("/")[2]
    stems = (*_PROPERTIES, model.name, f"_{model.name}", folder, f"_{folder}", f"_{folder}__models")
    for stem in dict.fromkeys(stems):
        for suffix in (".yml", ".yaml"):
            path = f"{model.folder}/{stem}{suffix}"
            text = surroundings.text(path) if surroundings.files.exists(path) else None
            if text and re.search(rf"(?m)^\s*-?\s*name:\s*['\"]?{re.escape(model.name)}['\"]?\s*(?:#.*)?$", text):
                return path
    return None


def dbt_version(surroundings: Surroundings, model: Model) -> tuple[int, ...]:
    """The least version of dbt that the project's files name; empty where they name none."""
    found: list[tuple[int, ...]] = []
    for name, words in (
        ("dbt_project.yml", _REQUIRED),
        ("requirements.txt", _PINNED),
        ("pyproject.toml", _PINNED),
    ):
        text = surroundings.text(f"{model.project}/{name}")
        match = words.search(text) if text else None
        if match is not None:
            found.append(tuple(map(int, match.group(1).split("."))))
    return max(found, default=())


def frame_style(surroundings: Surroundings, path: str) -> str:
    """The package with which a project checks frames, told from the files that ask for packages; "" for none."""
    folder = project_folder(surroundings, path)
    for name in FILES:
        there = f"{folder}/{name}"
        text = surroundings.text(there) if surroundings.files.exists(there) else None
        for package in ("pandera", "great_expectations"):
            if text and re.search(rf"\b{package.replace('_', '[-_]')}\b", text):
                return package
    return "great_expectations" if has_gx(surroundings, path) else ""


def has_gx(surroundings: Surroundings, path: str) -> bool:
    """Whether the project has a context of Great Expectations."""
    folder = project_folder(surroundings, path)
    return any(surroundings.files.exists(f"{folder}/{name}") for name in _GX_FILES)
