"""What systems offer to the engine: those in Python files, those in YAML or JSON, and those with a SQL of their own."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from pipesense.lang.documents.file import DocumentFile
from pipesense.lang.python.module import Module
from pipesense.model.change import Change, Refusal, Replace
from pipesense.model.code import CallAtParse, ObsoleteUse, PatternSite, ScopeCode
from pipesense.model.flow import Pipeline
from pipesense.model.sql import Hole, StatementFacts
from pipesense.model.value import Value, Version

Embed = Callable[[ast.expr, "str | None", str, Value[str]], "int | None"]
"""``embed(expression, dialect, why, connection)``: read the expression as SQL text; the number of the script
(for ``EmbeddedRun``), or None where the expression is no text. ``dialect`` None: the surroundings do not say;
``why`` is a few words ("PostgresOperator"). Asking twice for one literal gives the same number."""

ProjectFiles = Mapping[str, str]
"""Texts of the project's files that may pin versions, by file name relative to the project
("requirements.txt", "Dockerfile", "pyproject.toml", "uv.lock")."""


@dataclass(frozen=True, slots=True)
class Lifted:
    """What a system found in one file.

    ``scripts``: numbers of embedded SQL scripts that no task runs. ``facts``: those that rules want as they are, each
    a frozen class of the model. ``code``: what the system's calls do in each function, for the tasks that run it.
    ``told``: what other files may ask for (``DocumentFile.ask``, ``Context.told``), by kind and name.
    """

    pipelines: tuple[Pipeline, ...] = ()
    obsolete: tuple[ObsoleteUse, ...] = ()
    sites: tuple[PatternSite, ...] = ()
    calls_at_parse: tuple[CallAtParse, ...] = ()
    scripts: tuple[int, ...] = ()
    facts: tuple[object, ...] = ()
    code: tuple[ScopeCode, ...] = ()
    told: Mapping[tuple[str, str], object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PythonSystem:
    """A system whose pipelines are Python code.

    ``marks``: strings of which at least one occurs in every file that the system has anything to say about
    (a cheap test before anything else). ``version_files``: names of project files that may pin its version.
    """

    name: str
    marks: tuple[str, ...]
    version_files: tuple[str, ...]
    version: Callable[[Module, ProjectFiles, str | None], Version]
    """(module, project files, configured version) → the version in use, with its evidence."""
    lift: Callable[[Module, Version, Embed], Lifted]
    write: Callable[[Change, Module, Version], tuple[Replace, ...] | Refusal]


@dataclass(frozen=True, slots=True)
class DocumentSystem:
    """A system whose pipelines are written in YAML or JSON.

    ``claims(path, text)``: whether the file is one of its own, told from its name and some words; asked for every YAML
    and JSON file of a workspace, so it must cost no more than a search or two. ``lift`` and ``write`` get a file that
    was read as far as it can be; what a torn one lacks is not absent.
    """

    name: str
    claims: Callable[[str, str], bool]
    lift: Callable[[DocumentFile], Lifted]
    write: Callable[[Change, DocumentFile], tuple[Replace, ...] | Refusal]


class ReadStatement(Protocol):
    """Reads one SQL statement in a dialect; never raises for any text.

    ``text`` is the statement's whole unit, ``holes`` are stretches of it that stand for something else.
    """

    def __call__(self, text: str, dialect: str, *, holes: tuple[Hole, ...] = ()) -> StatementFacts:
        """What the statement says; where it cannot be read, ``error`` says why in a sentence."""


@dataclass(frozen=True, slots=True)
class SqlSystem:
    """A system with a SQL of its own that no parser of the language knows.

    ``dialects``: the names under which comments and settings speak of it. ``sign(text)``: the words by which a
    statement shows that it is written in the first of them, "" where it shows nothing; one such statement decides
    for its script, so it must be sure.
    """

    name: str
    dialects: tuple[str, ...]
    sign: Callable[[str], str]
    read_statement: ReadStatement
