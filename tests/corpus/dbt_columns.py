"""How many models of dbt projects have columns that are known without a warehouse.

    python tests/corpus/dbt_columns.py PROJECT...

A model counts as resolved if all of its columns are known, given that what YAML lists of a source is all of it. Prints
also the share of the sources that models read for which YAML lists columns, and why the others stay open.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / each) for each in ("server", "rules")]

from pipesense.engine.relations import Relations
from pipesense.engine.workspace import Workspace
from pipesense.host.disk import DiskFiles
from pipesense.model.data import Relation
from pipesense.model.dbt import DbtFile
from pipesense.rule.registry import Registry
from pipesense.systems.dbt.index import DOCUMENTED


def measured(folder: str) -> tuple[int, int, int, int, Counter[str]]:
    """Models, those resolved, sources that models read, those with columns, and why models stay open."""
    work = Workspace(Registry((), lambda rule: None, lambda name: None), DiskFiles(), print, roots=[folder])
    work.index_all()
    index, projects = work._index, work._surroundings.dbt
    relations = Relations(index, projects)
    models = resolved = 0
    read: set[tuple[str, str]] = set()
    why: Counter[str] = Counter()
    for path in work.paths():
        where = projects.whereabouts(path)
        if where is None or where.kind != "model" or not path.endswith(".sql") or not where.folder.startswith(folder):
            continue
        made = [
            each
            for several in index.get(("model", where.stem.lower()))
            for each in several
            if isinstance(each, Relation) and each.project == where.folder
        ]
        models += 1
        found = relations.columns_of(made[0], set()) if len(made) == 1 else None
        opened = found.opened if found is not None else None
        # What a CTE takes over from a source is as well known as what a model reads from it itself.
        documented = opened is not None and opened.why.endswith(DOCUMENTED.why)
        if found is not None and (found.closed or documented) and found.columns:
            resolved += 1
        else:
            why[opened.why if opened is not None else "no query"] += 1
        record = work._whole_record(path)
        for fact in record.linked.facts if record is not None else ():
            if isinstance(fact, DbtFile):
                read |= {(each.group, each.name) for each in fact.references if each.kind == "source" and each.names}
    listed = {
        (each.parts[0], each.parts[-1])
        for name in index.names("source")
        for several in index.get(("source", name))
        for each in several
        if each.columns
    }
    return models, resolved, len(read), len(read & listed), why


def main() -> None:
    for folder in sys.argv[1:]:
        models, resolved, read, listed, why = measured(str(Path(folder).resolve()))
        share, known = resolved / models if models else 0.0, listed / read if read else 0.0
        print(
            f"{folder}: {models} models, {resolved} resolved ({share:.0%}); {read} sources read, {known:.0%} with columns"
        )
        for reason, count in why.most_common(6):
            print(f"    {count:5} {reason}")


if __name__ == "__main__":
    main()
