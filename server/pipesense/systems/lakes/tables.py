"""What the functions of pyarrow, deltalake and pyiceberg give.

What pyarrow's writers do at a rerun was tried on 26.0.1 (``tests/frameworks/pandas``); what those of deltalake and
pyiceberg do is their documentation's:
https://arrow.apache.org/docs/python/generated/pyarrow.dataset.write_dataset.html
https://delta-io.github.io/delta-rs/api/delta_writer/ and https://py.iceberg.apache.org/api/
"""

from __future__ import annotations

from typing import Final

from pipesense.lang.python.flow import Library, Made, Step

DELTA, MERGE, CATALOG, ICEBERG = ("delta table", "merge", "iceberg catalog", "iceberg table")
WRITTEN: Final = "written"
"""What a function that only writes gives."""

ONE_FILE: Final = {
    "pyarrow.parquet.write_table": ("where", 1),
    "pyarrow.orc.write_table": ("where", 1),
    "pyarrow.csv.write_csv": ("output_file", 1),
    "pyarrow.feather.write_feather": ("dest", 1),
}
"""Functions that write one file, with the argument that names it."""
DATA_SETS: Final = {
    "pyarrow.parquet.write_to_dataset": ("root_path", 1),
    "pyarrow.dataset.write_dataset": ("base_dir", 1),
}
DELTA_WRITES: Final = frozenset({"deltalake.write_deltalake", "deltalake.writer.write_deltalake"})
OF_DELTA: Final = frozenset({"merge", "delete", "update"})
OF_ICEBERG: Final = frozenset({"append", "overwrite", "dynamic_partition_overwrite", "upsert", "delete"})


def function(name: str, step: Step) -> Made | None:
    """What a function gives; ``name`` with its package."""
    if name in ("pyiceberg.catalog.load_catalog", "pyiceberg.catalog.sql.SqlCatalog"):
        return Made(CATALOG)
    return Made(WRITTEN) if name in ONE_FILE or name in DATA_SETS or name in DELTA_WRITES else None


def operation(step: Step) -> Made | None:
    """What an operation on a table or catalogue gives."""
    if step.kind == CATALOG and step.name in ("load_table", "create_table", "create_table_if_not_exists"):
        return Made(ICEBERG)
    if step.kind == DELTA and step.name == "merge":
        return Made(MERGE)
    if step.kind == MERGE and step.form == "call" and step.name != "execute":
        return Made(MERGE)
    return None


LIBRARY: Final = Library(
    name="lakes",
    packages=("pyarrow.", "deltalake.", "pyiceberg."),
    whole_names=True,
    objects={
        "deltalake.DeltaTable": DELTA,
        "deltalake.table.DeltaTable": DELTA,
        "pyiceberg.table.Table": ICEBERG,
        "pyiceberg.catalog.Catalog": CATALOG,
    },
    function=function,
    operation=operation,
    quiet=("pyarrow.", "pyiceberg."),
)
