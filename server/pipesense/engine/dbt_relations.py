"""What dbt makes of a query beside the query itself: the columns that a snapshot adds, and names in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipesense.model.columns import ColumnOrigin, Columns, OutColumn
from pipesense.model.data import Relation
from pipesense.model.dbt import DbtNode, Setting
from pipesense.model.value import Absent, Known, Unknown
from pipesense.rule.dbt import Found

if TYPE_CHECKING:
    from pipesense.rule.dbt import DbtView

_META: Final = ("dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to")
"""https://docs.getdbt.com/docs/build/snapshots#snapshot-meta-fields (1.10)"""
_DELETED: Final = "dbt_is_deleted"
"""Only with ``hard_deletes: new_record``."""
_NEVER_NULL: Final = frozenset(("dbt_scd_id", "dbt_updated_at", "dbt_valid_from"))


def snapshot_columns(relation: Relation, given: Columns, view: DbtView) -> Columns:
    """The columns of a snapshot: those of its query, then dbt's own by their configured names.

    What is unique in the query is not in the snapshot, which holds a row for each version; what is never NULL today may
    be in a row from before the column was there.
    """
    node = next((each for each in view.nodes(relation.parts[-1]) if each.kind == "snapshot"), None)
    opened = given.opened
    names: dict[str, Setting] = {}
    deletes: Setting = None
    if node is None:
        opened = opened or Unknown("it is not known how the snapshot is configured")
    else:
        called = view.setting(node, "snapshot_meta_column_names")
        if isinstance(called, Known) and isinstance(called.value, tuple):
            names = {each[0]: each[1] for each in called.value if isinstance(each, tuple) and len(each) == 2}  # type: ignore[misc]
        elif not isinstance(called, Absent):
            opened = opened or Unknown("a template decides what the columns of dbt are called")
        said = view.setting(node, "hard_deletes")
        deletes = said.value if isinstance(said, Known) else None
        if isinstance(said, Unknown):
            opened = opened or Unknown("a template decides whether deleted rows are marked")
    made = [_plain(column) for column in given.columns]
    origin = tuple(part.casefold() for part in relation.parts)
    scd = ""
    for meta in (*_META, *((_DELETED,) if deletes == "new_record" else ())):
        name = names.get(meta, meta)
        if not isinstance(name, str):
            opened = opened or Unknown("a template decides what the columns of dbt are called")
            continue
        scd = name.casefold() if meta == "dbt_scd_id" else scd
        nullable = False if meta in _NEVER_NULL else True if meta == "dbt_valid_to" else None
        made.append(OutColumn(name, nullable=nullable, origins=(ColumnOrigin(origin, name.casefold()),), copied=True))
    return Columns(tuple(made), opened, (frozenset((scd,)),) if scd else ())


def is_built_as(relation: Relation, parts: tuple[str, ...], view: DbtView) -> bool | None:
    """Whether a model or snapshot becomes the table of a name with a schema; None where that cannot be told.

    dbt builds in ``<schema of the target>_<schema of the model>``, or as the project's ``generate_schema_name`` says.
    https://docs.getdbt.com/docs/build/custom-schemas and .../custom-aliases (1.10)
    """
    node = next((each for each in view.nodes(relation.parts[-1]) if each.kind == relation.kind), None)
    if node is None or _is_own(view, "generate_alias_name"):
        return None
    alias = _text(view, node, "alias", node.name)
    if alias is None or view.enabled(node) is None:
        return None
    if alias.lower() != parts[-1].lower() or view.enabled(node) is False:
        return False
    database = _text(view, node, "database", "")
    if len(parts) > 2 and database and database.lower() != parts[-3].lower():
        return False
    return _is_schema(parts[-2].lower(), node, view)


def _is_schema(written: str, node: DbtNode, view: DbtView) -> bool | None:
    project = view.project
    targets = project.schemas if project is not None else ()
    exact = _text(view, node, "target_schema", "") if node.kind == "snapshot" else ""
    custom = _text(view, node, "schema", "")
    if exact is None or custom is None:
        return None
    if exact:
        return exact.lower() == written
    if not custom:
        return True if written in targets else None
    custom = custom.lower()
    if written.endswith(f"_{custom}") or (written == custom and _is_own(view, "generate_schema_name")):
        return True
    # In production many projects leave the target's part out.
    return None if written == custom or _is_own(view, "generate_schema_name") else False


def _is_own(view: DbtView, macro: str) -> bool:
    """Whether the project replaces a macro of dbt's."""
    found = view.macro(macro)
    return isinstance(found, Found) and bool(found.several)


def _text(view: DbtView, node: DbtNode, key: str, default: str) -> str | None:
    """A setting that is a text; None where it cannot be told."""
    value = view.setting(node, key)
    if isinstance(value, Absent):
        return default
    return value.value if isinstance(value, Known) and isinstance(value.value, str) else None


def _plain(column: OutColumn) -> OutColumn:
    nullable = None if column.nullable is False else column.nullable
    return OutColumn(column.name, column.type, nullable, column.origins, column.copied, column.comment)
