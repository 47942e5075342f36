"""New files of dbt projects: staging models, and YAML that describes a model."""

from __future__ import annotations

from typing import Final

from pipesense.model.change import NewFile, Replace, Together
from pipesense.model.columns import Columns
from pipesense.model.dbt import DbtNode, DbtReference, DbtTable
from pipesense.rule.context import Context
from pipesense.rule.dbt import Found
from pipesense.rule.finding import Applicability, Offer
from pipesense.text.regex import regex

_STAGING: Final = 1
_NAME: Final = regex(r"[A-Za-z_]\w*")
_NOT_A_NAME: Final = regex(r"\W+")
_PLAIN: Final = regex(r"[A-Za-z_](?:[\w ,.()-]*[\w.)])?")
_WORDS: Final = frozenset(("true", "false", "yes", "no", "on", "off", "null", "y", "n"))


def read_staging(node: DbtNode, reference: DbtReference, ctx: Context) -> Offer | None:
    """Read a source's table through its staging model, which is written where there is none.

    https://docs.getdbt.com/best-practices/how-we-structure/2-staging
    """
    found = ctx.dbt.source(reference)
    if not isinstance(found, Found) or len(found.several) != 1:
        return None
    table = found.several[0]
    uses = [
        each for each in node.references if each.kind == "source" and each.names == reference.names and not each.hint
    ]
    staged = _staged(table, node, ctx)
    if len(staged) > 1 or any(each.optional for each in uses):
        return None
    if staged:
        change = Together(_reading(uses, staged[0].name))
        return Offer(f"Read {staged[0].name} instead", change, Applicability.UNSAFE)
    if table.folder != node.folder:
        return None
    name = f"stg_{_word(table.source)}__{_word(table.name)}"
    if ctx.dbt.nodes(name):
        return None
    path = f"{_folder(table, ctx)}/{name}.sql"
    change = Together(_reading(uses, name), (NewFile(path, _model(table)),))
    return Offer(f"Write {name} and read it instead", change, Applicability.UNSAFE)


def _reading(uses: list[DbtReference], name: str) -> tuple[Replace, ...]:
    return tuple(Replace(each.whole, f"{{{{ ref('{name}') }}}}") for each in uses)


def _staged(table: DbtTable, node: DbtNode, ctx: Context) -> list[DbtNode]:
    """The staging models that read a table and nothing else."""
    readers = [each for name in ctx.dbt.table_uses(table) for each in ctx.dbt.nodes(name) if each.name != node.name]
    return [
        each
        for each in readers
        if each.kind == "model"
        and ctx.dbt.layer(each) == _STAGING
        and len({one.names for one in each.references}) == 1
        and ctx.dbt.enabled(each) is True
    ]


def _folder(table: DbtTable, ctx: Context) -> str:
    """Where a staging model of a table belongs: beside the YAML file that declares it, else below models/staging."""
    beside = table.path.rpartition("/")[0]
    if "staging" in beside.lower()[len(table.folder) :].split("/"):
        return beside
    project = ctx.dbt.project
    models = project.folders("model")[0] if project is not None and project.folders("model") else "models"
    return f"{table.folder}/{models}/staging/{_word(table.source)}"


def _model(table: DbtTable) -> str:
    """A query that lists the columns that YAML lists, else all there are."""
    names = [each.name for each in table.entry.columns if each.name]
    tag = f"{{{{ source('{table.source}', '{table.name}') }}}}"
    if not names or not all(_NAME.fullmatch(name) for name in names) or not table.entry.whole:
        return f"select *\nfrom {tag}\n"
    listed = ",\n".join(f"    {name}" for name in names)
    return f"select\n{listed}\nfrom {tag}\n"


def _word(name: str) -> str:
    return _NOT_A_NAME.sub("_", name).strip("_").lower()


def describing(node: DbtNode, description: str, columns: Columns) -> NewFile:
    """A YAML file for a model whose folder has none, called as dbt's guide does.

    https://docs.getdbt.com/best-practices/how-we-structure/5-the-rest-of-the-project
    """
    folder = node.path.rpartition("/")[0]
    lines = [
        "version: 2",
        "",
        "models:",
        f"  - name: {node.name}",
        f"    description: {_yaml(description)}",
        "    columns:",
    ]
    lines += [f"      - name: {_yaml(each.name)}" for each in columns.columns]
    return NewFile(f"{folder}/_{_word(folder.rpartition('/')[2])}__models.yml", "\n".join(lines) + "\n")


def _yaml(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
