"""What Great Expectations' functions and methods give, and what 1.0 gave up.

https://docs.greatexpectations.io/docs/reference/learn/migration_guide/ (0.18 to 1.x); probed on 1.5.
"""

from __future__ import annotations

from typing import Final

from pipesense.lang.python.flow import Library, Made, Step
from pipesense.systems.renames import Renamed

CONTEXT, SOURCES, BATCH, SUITE, CHECKPOINT, STORE, DATASET, VALIDATOR, LEGACY_SOURCES, RESULT = (
    *("context", "sources", "batch", "suite", "checkpoint", "store", "data set", "validator", "old sources", "result"),
)
OBJECTS: Final = {
    "great_expectations.ExpectationSuite": SUITE,
    "great_expectations.core.ExpectationSuite": SUITE,
    "great_expectations.Checkpoint": CHECKPOINT,
    "great_expectations.ValidationDefinition": CHECKPOINT,
    "great_expectations.checkpoint.Checkpoint": CHECKPOINT,
}
_LEGACY: Final = frozenset(
    {"read_csv", "read_json", "read_parquet", "read_excel", "read_table", "read_feather", "read_pickle", "from_pandas"}
)


_OLD_CONTEXTS: Final = frozenset(
    {
        *("DataContext", "data_context.DataContext", "data_context.data_context.DataContext"),
        *("data_context.BaseDataContext", "data_context.data_context.BaseDataContext"),
    }
)
_CONTEXTS: Final = _OLD_CONTEXTS | {"data_context.FileDataContext", "data_context.EphemeralDataContext"}
_CHECKPOINTS: Final = frozenset(
    {"checkpoint.SimpleCheckpoint", "checkpoint.checkpoint.SimpleCheckpoint", "checkpoint.LegacyCheckpoint"}
)
PANDAS: Final = frozenset({"dataset.PandasDataset", "dataset.pandas_dataset.PandasDataset"})
SPARK: Final = frozenset({"dataset.SparkDFDataset", "dataset.sparkdf_dataset.SparkDFDataset"})
_SQL: Final = frozenset({"dataset.SqlAlchemyDataset", "dataset.sqlalchemy_dataset.SqlAlchemyDataset"})


def function(name: str, step: Step) -> Made | None:
    """What a function of the package gives."""
    if name in _CHECKPOINTS:
        return Made(CHECKPOINT)
    if name in _LEGACY or name in PANDAS | SPARK | _SQL:
        return Made(DATASET)
    if name in _CONTEXTS or name in ("get_context", "data_context.get_context"):
        return Made(CONTEXT)
    return None


def operation(step: Step) -> Made | None:
    """What an operation on a value of Great Expectations gives."""
    if step.kind == CONTEXT:
        return _of_context(step)
    if step.kind in (SOURCES, LEGACY_SOURCES):
        read = step.name.startswith("read_") or step.name == "get_batch"
        return Made(BATCH if read else step.kind)
    if step.kind == STORE:
        return Made(CHECKPOINT if "checkpoint" in step.traits else SUITE)
    if step.name in ("validate", "run"):
        return Made(RESULT)
    return None


def _of_context(step: Step) -> Made | None:
    kinds = {
        "data_sources": Made(SOURCES),
        "sources": Made(LEGACY_SOURCES),
        "suites": Made(STORE),
        "validation_definitions": Made(STORE, frozenset({"checkpoint"})),
        "checkpoints": Made(STORE, frozenset({"checkpoint"})),
        "get_validator": Made(VALIDATOR),
        "get_checkpoint": Made(CHECKPOINT),
        "add_checkpoint": Made(CHECKPOINT),
        "add_or_update_checkpoint": Made(CHECKPOINT),
        "run_checkpoint": Made(RESULT),
        "run_validation_operator": Made(RESULT),
    }
    return kinds.get(step.name)


_ONE: Final = (1, 0)
_BATCH: Final = "batches and suites: context.data_sources.pandas_default, then batch.validate(suite)"
_SPARK_BATCH: Final = (
    'batches and suites: context.data_sources.add_spark("spark").add_dataframe_asset(...), then batch.validate(suite)'
)
_SQL_BATCH: Final = (
    "batches and suites: context.data_sources.add_sql(...).add_table_asset(...), then batch.validate(suite)"
)
RENAMED: Final = {
    **{("", name): Renamed(_ONE, _BATCH, "batches and suites") for name in sorted(_LEGACY)},
    **{("", name): Renamed(_ONE, _BATCH, "batches and suites") for name in sorted(PANDAS)},
    **{("", name): Renamed(_ONE, _SPARK_BATCH, "batches and suites") for name in sorted(SPARK)},
    **{("", name): Renamed(_ONE, _SQL_BATCH) for name in sorted(_SQL)},
    **{("", name): Renamed(_ONE, "great_expectations.get_context(...)") for name in sorted(_OLD_CONTEXTS)},
    **{
        ("", name): Renamed(_ONE, "a Checkpoint of validation definitions: context.checkpoints.add(gx.Checkpoint(...))")
        for name in sorted(_CHECKPOINTS)
    },
    **{
        ("context", name): Renamed(_ONE, "batch definitions: asset.add_batch_definition(...).get_batch()")
        for name in ("get_batch", "get_batch_list")
    },
    ("context", "list_expectation_suite_names"): Renamed(_ONE, "context.suites.all()"),
    ("context", "list_checkpoints"): Renamed(_ONE, "context.checkpoints.all()"),
    ("context", "delete_expectation_suite"): Renamed(_ONE, "context.suites.delete(name)"),
    ("context", "save_expectation_suite"): Renamed(_ONE, "suite.save()"),
    ("context", "test_yaml_config"): Renamed(_ONE, "context.data_sources.add_pandas(...), add_postgres(...), ..."),
    ("context", "datasources"): Renamed(_ONE, "context.data_sources.all()"),
    ("context", "sources"): Renamed(_ONE, "context.data_sources", "data_sources"),
    ("context", "run_checkpoint"): Renamed(_ONE, "context.checkpoints.get(name).run()"),
    ("context", "add_checkpoint"): Renamed(_ONE, "context.checkpoints.add(gx.Checkpoint(...))"),
    ("context", "add_or_update_checkpoint"): Renamed(_ONE, "context.checkpoints.add_or_update(gx.Checkpoint(...))"),
    ("context", "add_expectation_suite"): Renamed(_ONE, "context.suites.add(gx.ExpectationSuite(name=...))"),
    ("context", "add_or_update_expectation_suite"): Renamed(
        _ONE, "context.suites.add_or_update(gx.ExpectationSuite(name=...))"
    ),
    ("context", "create_expectation_suite"): Renamed(_ONE, "context.suites.add(gx.ExpectationSuite(name=...))"),
    ("context", "get_expectation_suite"): Renamed(_ONE, "context.suites.get(name)"),
    ("context", "get_checkpoint"): Renamed(_ONE, "context.checkpoints.get(name)"),
    ("context", "run_validation_operator"): Renamed(_ONE, "a checkpoint and its run()"),
}

LIBRARY: Final = Library(
    name="great_expectations",
    packages=("great_expectations.",),
    objects=OBJECTS,
    function=function,
    operation=operation,
    counts=frozenset({"sources", "datasources"}),
)
