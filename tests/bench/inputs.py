"""The files the bench types into: real ones where they can be had, made-up ones always.

Nothing built here is ever committed.

P1  one DAG file of about 150 lines
P2  a module of about 3,000 lines: DAG files one after the other
S1  a Postgres file of about 5,000 lines: the TPC-H and TPC-DS queries
Q1  its first statements, about 200 lines: a SQL file of ordinary size
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

import synthetic

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "corpus"))

from pypi_sources import Unreachable, fetch, source, user_cache

TELEMETRY = "mozilla+telemetry-airflow"
ETL = "mozilla+bigquery-etl"
CONFIGURATION = '[dialect]\n"*.sql" = "postgres"\n'
# The AIR rules are what a team that writes DAGs adds to ruff's own selection.
RUFF = 'lint.extend-select = ["AIR"]\n'
SQRUFF = "[sqruff]\ndialect = postgres\n"


@dataclass(frozen=True, slots=True)
class Input:
    """One file in a folder of its own, so that no server sees a workspace beside it."""

    name: str
    path: Path
    origin: str

    @property
    def lines(self) -> int:
        return self.path.read_text(encoding="utf-8").count("\n")


def build(into: Path, corpus: Path | None, made_up: bool) -> dict[str, Input]:
    """Write all inputs below ``into``.  A source that cannot be had is replaced by a made-up text, loudly."""
    dags, dag_origin = ({}, "") if made_up else _dags(corpus)
    queries = [] if made_up else _queries("tpc-h", "tpc-ds")
    texts: dict[str, tuple[str, str]] = {}
    if dags:
        texts["P1.py"] = _nearest(dags, 150), dag_origin
        texts["P2.py"] = _together(dags, 3000), dag_origin
    else:
        texts["P1.py"] = synthetic.one_dag(), "made up"
        texts["P2.py"] = synthetic.module(), "made up"
    origin = "TPC-H and TPC-DS queries of the sqlglot 27.0.0 fixtures" if queries else "made up"
    queries = queries or synthetic.sql_file().split(";\n")
    texts["S1.sql"] = _until(queries, 5000), origin
    texts["Q1.sql"] = _until(queries, 200), origin
    return {name.partition(".")[0]: _write(into, name, *texts[name]) for name in texts}


def cold(into: Path, corpus: Path | None, made_up: bool) -> dict[str, tuple[str, Path]]:
    """What is read from cold: name -> (dialect, file or folder). What cannot be had is left out, loudly."""
    found: dict[str, tuple[str, Path]] = {}
    queries = [] if made_up else _queries("tpc-ds")
    if queries:
        whole = into / "tpc-ds.sql"
        whole.write_text("".join(f"{query};\n\n" for query in queries if query), encoding="utf-8")
        found["TPC-DS"] = ("postgres", whole)
    largest = corpus / ETL / "sql" if corpus else None
    if largest and largest.is_dir():
        found["bigquery-etl"] = ("bigquery", largest)
    else:
        print(f"SKIPPED {ETL}: no checkout of it (--corpus)", file=sys.stderr)
    return found


def cached(name: str) -> Path:
    """A place of that name in the user's cache."""
    return user_cache() / name


def _write(into: Path, name: str, text: str, origin: str) -> Input:
    folder = into / name.partition(".")[0]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    (folder / "pipesense.toml").write_text(CONFIGURATION)
    (folder / "ruff.toml").write_text(RUFF)
    (folder / ".sqruff").write_text(SQRUFF)
    return Input(name.partition(".")[0], folder / name, origin)


def _dags(corpus: Path | None) -> tuple[dict[str, str], str]:
    """{file name: text} of real DAG files and where they are from; nothing when none can be had."""
    folder = corpus / TELEMETRY / "dags" if corpus else None
    if folder and folder.is_dir():
        return _texts(folder, "*.py"), TELEMETRY.replace("+", "/")
    try:
        examples = fetch(source("apache-airflow"), user_cache())
    except Unreachable as why:
        print(f"SKIPPED {why}; a made-up module stands in", file=sys.stderr)
        return {}, ""
    return _texts(examples, "**/*.py"), "example DAGs of apache-airflow 2.10.5"


def _texts(folder: Path, pattern: str) -> dict[str, str]:
    texts = {str(f.relative_to(folder)): f.read_text(encoding="utf-8") for f in sorted(folder.glob(pattern))}
    return {name: text for name, text in texts.items() if re.search(r"\bDAG\(|@dag\b", text)}


def _nearest(dags: dict[str, str], lines: int) -> str:
    return min(dags.values(), key=lambda text: abs(text.count("\n") - lines))


def _together(dags: dict[str, str], lines: int) -> str:
    """Files of ordinary length one after the other; a __future__ import may stand only in the first place."""
    text = ""
    for dag in dags.values():
        if text.count("\n") >= lines:
            break
        if dag.count("\n") >= 60:
            text += re.sub(r"(?m)^from __future__ .*\n", "", dag).rstrip() + "\n\n\n"
    return text


def _queries(*names: str) -> list[str]:
    """The queries as written; the fixtures hold each one's optimised form behind it."""
    try:
        fixtures = fetch(source("sqlglot"), user_cache())
    except Unreachable as why:
        print(f"SKIPPED {why}; made-up SQL stands in", file=sys.stderr)
        return []
    found: list[str] = []
    for name in names:
        text = next(fixtures.rglob(f"{name}.sql")).read_text(encoding="utf-8")
        blocks = re.split(r"(?m)^-{5,}\n-- TPC-\S+ \d+\n-{5,}\n", text)[1:]
        found += [re.sub(r"(?m)^#.*\n", "", block).partition(";")[0].strip() for block in blocks]
    return found


def _until(statements: list[str], lines: int) -> str:
    text = ""
    for statement in statements:
        if text.count("\n") >= lines:
            break
        if statement.strip():
            text += statement.strip() + ";\n\n"
    return text
