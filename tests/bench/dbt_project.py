"""A dbt project of many models, written to a folder, and how long it takes to read and to edit.

    python tests/bench/dbt_project.py [--models 1400] [--keep FOLDER]

Figures are CPU seconds of this process, and counters: how many files an edit judges again.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / each) for each in ("server", "rules")]

COLUMNS = 12
SOURCES = 40


def write_project(folder: Path, models: int, seed: int = 1) -> None:
    """Staging models on sources, models in the middle and marts on those; YAML for each folder of twenty models."""
    chance = random.Random(seed)
    staging, middle = models * 4 // 10, models * 3 // 10
    (folder / "dbt_project.yml").write_text(
        "name: bench\nrequire-dbt-version: '>=1.8.0'\nmodels:\n  bench:\n    staging:\n      +materialized: view\n"
        "    marts:\n      +materialized: table\n"
    )
    (folder / "macros").mkdir(parents=True)
    for at in range(60):
        (folder / "macros" / f"helper_{at}.sql").write_text(
            f"{{% macro helper_{at}(column) %}}\n  {{% if is_incremental() %}}coalesce({{{{ column }}}}, {at})"
            "{% else %}{{ column }}{% endif %}\n{% endmacro %}\n"
        )
    tables = [f"table_{at}" for at in range(staging)]
    _sources(folder, tables)
    names = [f"stg_{table}" for table in tables]
    for at, name in enumerate(names):
        listed = ",\n        ".join(f"cast(c{number} as varchar) as {name}_c{number}" for number in range(COLUMNS))
        text = (
            "{{ config(tags=['staging']) }}\n\nwith source as (\n    select * from "
            f"{{{{ source('feed_{at % SOURCES}', '{tables[at]}') }}}}\n),\nrenamed as (\n    select\n        id,\n        "
            f"{listed}\n    from source\n)\nselect * from renamed\n"
        )
        _model(folder, "staging", at, name, text)
    made = list(names)
    for at in range(models - staging):
        layer, name = ("intermediate", f"int_{at}") if at < middle else ("marts", f"fct_{at}")
        parents = chance.sample(made, 3)
        joins = "".join(
            f"left join {{{{ ref('{each}') }}}} as p{n} on p{n}.id = p0.id\n" for n, each in enumerate(parents) if n
        )
        text = (
            "{{ config(materialized='incremental', unique_key='id') }}\n"
            f"select p0.id, count(*) as amount_{at}, {{{{ helper_{at % 60}('p0.id') }}}} as helped\n"
            f"from {{{{ ref('{parents[0]}') }}}} as p0\n{joins}"
            "{% if is_incremental() %}where p0.id > (select coalesce(max(id), 0) from {{ this }}){% endif %}\n"
            "group by p0.id\n"
        )
        _model(folder, layer, at, name, text)
        made.append(name)


def _sources(folder: Path, tables: list[str]) -> None:
    (folder / "models").mkdir()
    for number in range(SOURCES):
        lines = ["sources:", f"  - name: feed_{number}", "    freshness: null", "    tables:"]
        for table in tables[number::SOURCES]:
            lines += [f"      - name: {table}", "        columns:", "          - name: id"]
            lines += [f"          - name: c{column}" for column in range(COLUMNS)]
        (folder / "models" / f"feed_{number}.yml").write_text("\n".join(lines) + "\n")


def _model(folder: Path, layer: str, at: int, name: str, text: str) -> None:
    below = folder / "models" / layer / f"part_{at // 20}"
    below.mkdir(parents=True, exist_ok=True)
    (below / f"{name}.sql").write_text(text)
    with (below / "schema.yml").open("a") as file:
        if not file.tell():
            file.write("models:\n")
        file.write(
            f"  - name: {name}\n    description: Model {at}\n    columns:\n      - name: id\n        description: The key\n"
            "        data_tests:\n          - unique\n          - not_null\n"
        )


def measure(folder: Path) -> dict[str, object]:
    """Reading the whole project's names, then an edit in one model and one in a YAML file."""
    from pipesense.engine.dbt import DbtProjects
    from pipesense.engine.index import Index
    from pipesense.engine.project import parents
    from pipesense.host.disk import DiskFiles

    files, index = DiskFiles(), Index()

    def text(path: str) -> str | None:
        return files.read(path) if files.exists(path) else None

    projects = DbtProjects(files, text, lambda path: parents(path, str(folder)))
    started = time.process_time()
    projects.ensure(f"{folder}/dbt_project.yml")
    while projects.waiting:
        projects.step(index, lambda path: False, 1 << 30)
    return {"index_cpu_seconds": round(time.process_time() - started, 2), "names": len(index.names("dbt-node"))}


def edits(folder: Path) -> dict[str, object]:
    """How many files one key in a model, a new column of it and a setting in YAML judge again."""
    from pipesense.engine.workspace import Workspace
    from pipesense.host.disk import DiskFiles
    from pipesense.host.rulepacks import load_registry
    from pipesense.text.encoding import PositionEncoding

    work = Workspace(load_registry(), DiskFiles(), print, roots=[str(folder)])
    started = time.process_time()
    work.index_all()
    found: dict[str, object] = {"check_cpu_seconds": round(time.process_time() - started, 1)}
    path = next(str(each) for each in sorted(folder.rglob("int_1.sql")))
    work.open(path, Path(path).read_text())
    while work.pending():
        work.step()
    for name, old, new in (
        ("a comment", "select p0.id", "select /* x */ p0.id"),
        ("a column", "as helped", "as helping"),
    ):
        buffer = work.text(path)
        assert buffer is not None
        at = buffer.text.index(old)
        judged = 0
        original = Workspace._judge

        def noted(record: object, original: object = original) -> None:
            nonlocal judged
            judged += 1
            original(work, record)  # type: ignore[operator]

        work._judge = noted  # type: ignore[method-assign]
        started = time.process_time()
        work.change(path, buffer.lines.position(at), buffer.lines.position(at + len(old)), new, PositionEncoding.UTF32)
        work.analyse(path)
        first = time.process_time() - started
        while work.pending():
            work.step()
        found[name] = {"judged": judged, "own_ms": round(first * 1000, 1)}
        del work._judge
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--models", type=int, default=1400)
    parser.add_argument("--keep")
    parser.add_argument("--edits", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(options.keep or made).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "dbt_project.yml").exists():
            write_project(folder, options.models)
        found = measure(folder)
        if options.edits:
            found |= edits(folder)
        print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
