"""What a file of a project tells the others, under which keys; and what follows from all of them together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from pipesense.lang.yaml.read import read_yaml
from pipesense.model.columns import Family
from pipesense.model.data import CheckKind, Column, DatasetName, QualityCheck, Relation
from pipesense.model.dbt import DbtEntry, DbtFile, DbtNode, DbtProperties, DbtSource, DbtTable
from pipesense.model.shape import From, Item, Projection, QueryShape, Term
from pipesense.model.value import Known, Unknown
from pipesense.model.where import Loc
from pipesense.systems.dbt.layers import Configured, Layer, layer_of
from pipesense.systems.dbt.properties import properties, yaml_snapshots
from pipesense.systems.dbt.python import read_python
from pipesense.systems.dbt.sql import Locate, Whereabouts, read_sql
from pipesense.text.span import Span

Key = tuple[str, ...]
Exports = dict[Key, tuple[Any, ...]]

LONGEST_YAML: Final = 2_000_000
"""Characters of a YAML file that is read: two seconds of work. What a longer one defines is not known to be missing."""
_FEW: Final = 5
_OFTEN: Final = 0.15
"""From how many models, and which share of those that could, something is no slip but a habit."""
DOCUMENTED: Final = Unknown("YAML lists its columns, and nothing makes sure that the list is complete")
"""Why the columns of a source are open although they are listed."""
_LAYERED: Final = 0.6
"""The share of models in layers from which a project counts as layered."""


def read_file(text: str, where: Whereabouts, locate: Locate) -> DbtFile | DbtProperties:
    """What a file of a project says, by its ending."""
    if where.path.endswith(".py"):
        return read_python(text, where)
    if where.path.endswith((".yml", ".yaml")):
        if len(text) > LONGEST_YAML:
            return DbtProperties(where.path, where.folder, (), (), (), (), False)
        tree = read_yaml(text)
        return properties(tree, where.path, where.folder, where.package, locate)
    return read_sql(text, where, locate)


def exports(found: DbtFile | DbtProperties) -> Exports:
    """What others may ask about a file."""
    made: Exports = {}
    if isinstance(found, DbtFile):
        for node in found.nodes:
            _node(node, made)
        for macro in found.macros:
            _add(made, ("dbt-macro", found.folder, macro.name), macro)
            _add(made, ("dbt-names", found.folder, "macro"), macro.name)
        return made
    _properties(found, made)
    return made


def _properties(found: DbtProperties, made: Exports) -> None:
    folder = found.folder
    for node in yaml_snapshots(found):
        _node(node, made)
        _add(made, ("model", node.name.lower()), _snapshot(node))
    last = next((entry for entry in reversed(found.entries) if entry.kind == "model" and entry.whole), None)
    if last is not None and found.whole:
        _add(made, ("dbt-beside", found.path.rpartition("/")[0]), last)
    for entry in found.entries:
        if entry.name:
            _alias(entry, made)
            _add(made, ("dbt-entry", folder, entry.kind, entry.name.lower()), entry)
            if entry.kind in ("model", "seed", "snapshot"):
                _checks(entry, DatasetName((entry.name.lower(),)), made)
        for version in entry.versions:
            _add(made, ("dbt-versions", folder, entry.name.lower()), version)
    for source in found.sources:
        _source(source, made)
    for exposure in found.exposures:
        for reference in exposure.references:
            if reference.kind == "ref" and reference.name:
                _add(made, ("dbt-exposed", folder, reference.name.lower()), exposure)
    if not found.whole:
        _add(made, ("dbt-opened", folder), f"{found.path.rpartition('/')[2]} cannot be read to its end")


_KINDS: Final = {
    "unique": CheckKind.UNIQUE,
    "unique_combination_of_columns": CheckKind.UNIQUE,
    "expect_compound_columns_to_be_unique": CheckKind.UNIQUE,
    "not_null": CheckKind.NOT_NULL,
    "not_null_proportion": CheckKind.NOT_NULL,
    "accepted_values": CheckKind.VALUES,
    "accepted_range": CheckKind.RANGE,
    "expect_column_values_to_be_between": CheckKind.RANGE,
    "relationships": CheckKind.REFERENCES,
    "recency": CheckKind.FRESHNESS,
    "equal_rowcount": CheckKind.RECONCILIATION,
    "at_least_one": CheckKind.ROW_COUNT,
    "expect_table_row_count_to_be_between": CheckKind.ROW_COUNT,
}
"""What the tests of dbt, dbt_utils and dbt_expectations look at."""


def _checks(entry: DbtEntry, dataset: DatasetName, made: Exports) -> None:
    """The tests of an entry as checks of what it describes; one that is switched off or only warns checks nothing."""
    for test in entry.all_tests():
        severity, enabled = test.setting("severity"), test.setting("enabled")
        if (enabled is not None and enabled.value is not True) or (severity is not None and severity.value != "error"):
            continue
        several = test.argument("combination_of_columns")
        columns = (test.column,) if test.column else tuple(map(str, several)) if isinstance(several, tuple) else ()
        kinds = frozenset((_KINDS.get(test.name, CheckKind.CUSTOM),))
        lower = tuple(each.lower() for each in columns)
        # A check is as equal as its place, and places in YAML change with every key: the file is enough.
        at = Loc(entry.path, 0, Span(0, 0))
        _add(made, ("checks", dataset.table), QualityCheck(kinds, Known(dataset), lower, f"test {test.name}", at))


def _source(source: DbtSource, made: Exports) -> None:
    folder = source.folder
    if source.name:
        # Whoever asks looks at where it stands only; what is in it is told table by table.
        bare = replace(source, tables=(), settings=(), freshness=None, loaded_at="", whole=True)
        _add(made, ("dbt-group", folder, source.name), bare)
    for table in source.tables:
        _checks(table.entry, DatasetName((table.schema.lower(), table.identifier.lower())), made)
        _add(made, ("dbt-source", folder, source.name, table.name), table)
        _add(made, ("dbt-names", folder, "source"), f"{source.name}.{table.name}")
        _add(made, ("source", table.name.lower()), _relation(table))
    if not source.whole:
        _add(made, ("dbt-opened", folder), f"a template decides which tables the source {source.name} has")


def facts(found: DbtFile | DbtProperties) -> tuple[object, ...]:
    """What rules are called with."""
    if isinstance(found, DbtFile):
        return (found, *found.nodes)
    return (
        *(found, *found.entries, *found.sources, *found.exposures, *found.unit_tests),
        *yaml_snapshots(found),
    )


def parents(found: DbtFile | DbtProperties) -> dict[str, tuple[str, ...]]:
    """The names that each node of a file refers to."""
    nodes = found.nodes if isinstance(found, DbtFile) else tuple(yaml_snapshots(found))
    return {
        node.name.lower(): tuple(each.name.lower() for each in node.references if each.kind == "ref" and each.name)
        for node in nodes
        if node.kind in ("model", "snapshot")
    }


def circles(graph: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    """For every node that lies on a circle of references, the names on it, in order."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on: set[str] = set()
    found: dict[str, tuple[str, ...]] = {}
    for root in graph:
        if root in order:
            continue
        order[root] = low[root] = len(order)
        stack.append(root)
        on.add(root)
        work = [(root, iter(graph.get(root, ())))]
        while work:
            node, rest = work[-1]
            for child in rest:
                if child not in graph:
                    continue
                if child not in order:
                    order[child] = low[child] = len(order)
                    stack.append(child)
                    on.add(child)
                    work.append((child, iter(graph.get(child, ()))))
                    break
                if child in on:
                    low[node] = min(low[node], order[child])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == order[node]:
                    at = stack.index(node)
                    members = stack[at:]
                    del stack[at:]
                    on.difference_update(members)
                    if len(members) > 1:
                        found.update((member, tuple(sorted(members))) for member in members)
    return found


def is_layered(nodes: Iterable[tuple[str, tuple[str, ...]]], configured: Configured = ()) -> bool:
    """Whether most models, given by name and folders, lie in layers, and in more than one."""
    layers = [layer_of(name, place, configured) for name, place in nodes]
    known = [layer for layer in layers if layer is not None]
    return len(layers) > 0 and len(known) >= _LAYERED * len(layers) and len(set(known)) > 1


def habits(
    models: Iterable[tuple[str, tuple[str, ...], bool]],
    graph: Mapping[str, Iterable[str]],
    configured: Configured = (),
) -> tuple[str, ...]:
    """What so many models of a project do across its layers that it is how the project is built.

    ``models`` are names, folders, and whether a source is read. "sources": above staging, sources are read;
    "raw": marts read raw models; "upward": what stages reads what is made from it.
    """
    layers = {name.lower(): layer_of(name, place, configured) for name, place, _ in models}
    reading = {name.lower() for name, _, reads in models if reads}
    high = [name for name, layer in layers.items() if layer is not None and layer > Layer.STAGING]
    low = [name for name, layer in layers.items() if layer is not None and layer <= Layer.STAGING]
    above = frozenset(high)
    marts = [name for name in high if layers[name] is Layer.MART]
    raw = frozenset(name for name in low if layers[name] is Layer.RAW)
    found = {
        "sources": (sum(name in reading for name in high), len(high)),
        "raw": (sum(not raw.isdisjoint(graph.get(name, ())) for name in marts), len(marts)),
        "upward": (sum(not above.isdisjoint(graph.get(name, ())) for name in low), len(low)),
    }
    return tuple(kind for kind, (some, of) in found.items() if some >= _FEW and some >= _OFTEN * of)


def _add(made: Exports, key: Key, value: object) -> None:
    made[key] = (*made.get(key, ()), value)


def _node(node: DbtNode, made: Exports) -> None:
    folder, name = node.folder, node.name.lower()
    _add(made, ("dbt-node", folder, name), node)
    if node.kind in ("model", "snapshot", "seed"):
        _add(made, ("dbt-names", folder, "node"), node.name)
    _alias(node, made)
    for reference in node.references:
        if not reference.names:
            continue
        if node.kind == "test":
            _add(made, ("dbt-tested", folder, reference.name.lower()), node.name)
        elif reference.kind == "ref" and node.kind != "analysis":
            _add(made, ("dbt-children", folder, reference.name.lower()), node.name)
        elif node.kind != "analysis":
            _add(made, ("dbt-readers", folder, reference.group, reference.name), node.name)


def _alias(node: DbtNode | DbtEntry, made: Exports) -> None:
    """The name that a model or snapshot bears in the database, where it is another."""
    said = node.setting("alias") if node.kind in ("model", "snapshot") else None
    if said is not None and isinstance(said.value, str):
        _add(made, ("dbt-alias", said.value.lower()), (node.folder, node.name.lower()))


def _snapshot(node: DbtNode) -> Relation:
    """A snapshot in YAML takes all of what its ``relation`` names."""
    of = node.references[0]
    words = ", ".join([*(f"'{name}'" for name in of.names), *([f"v={of.version}"] if of.version else [])])
    table = From("table", of.name, (f"{{{{ {of.kind}({words}) }}}}",))
    every = Projection((Item("*", Term("fixed"), star=True),), (table,))
    return Relation(
        DatasetName((node.name.lower(),)),
        *((), (), ()),
        node.at,
        None if of.names else Unknown("a template decides what it is made from"),
        kind="snapshot",
        parts=(node.name,),
        query=QueryShape((every,), 0) if of.names else None,
        project=node.folder,
    )


def _relation(table: DbtTable) -> Relation:
    """A source's table with the columns that YAML lists; dbt does not see to it that the list is all."""
    # What YAML lists twice is written twice; the table has it once.
    listed = {each.name.casefold(): each for each in reversed(table.entry.columns) if each.name}
    columns = tuple(
        Column(each.name, each.data_type.upper(), None, each.at, "", Family.UNKNOWN)
        for each in reversed(listed.values())
    )
    primary = tuple(each.name for each in table.entry.columns if each.primary)
    unique = tuple((each.name,) for each in table.entry.columns if any(test.name == "unique" for test in each.tests))
    opened = DOCUMENTED if columns and table.entry.whole else Unknown("its YAML entry lists no columns")
    return Relation(
        DatasetName((table.name.lower(),)),
        columns,
        primary,
        unique,
        table.at,
        opened,
        kind="source",
        parts=(table.source, table.name),
        project=table.folder,
    )
