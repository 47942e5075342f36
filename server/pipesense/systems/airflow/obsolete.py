"""What a file uses that newer versions of Airflow or its providers gave up: imports, names and arguments."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from operator import attrgetter
from typing import Final

from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import children
from pipesense.lang.python.syntax import parsed_of
from pipesense.model.code import ApiChange, ObsoleteUse
from pipesense.model.value import Evidence, Known, Version
from pipesense.model.where import Loc
from pipesense.systems.airflow import tables
from pipesense.systems.airflow.names import Construct, Names, dotted, new_name
from pipesense.systems.airflow.tables.facts import MovedName, RemovedArgument
from pipesense.text.regex import regex

SYSTEM: Final = "airflow"
_CHANGES: Final = {
    "REMOVED": ApiChange.REMOVED,
    "RENAMED": ApiChange.REMOVED,
    "IGNORED": ApiChange.IGNORED,
    "RAISES": ApiChange.RAISES,
}
_SAME_THING: Final = {
    "DummyOperator": "EmptyOperator",
    "Dataset": "Asset",
    "DatasetAlias": "AssetAlias",
    "DatasetAll": "AssetAll",
    "DatasetAny": "AssetAny",
    "SimpleHttpOperator": "HttpOperator",
}
"""Names whose successor takes the same arguments."""
_WITHOUT: Final = {
    "airflow.utils.decorators.apply_defaults": "nothing in its place (remove it)",
    "airflow.utils.file.TemporaryDirectory": "tempfile.TemporaryDirectory",
    "airflow.utils.file.mkdirs": "pathlib.Path.mkdir",
    "airflow.utils.dag_cycle_tester.test_cycle": "airflow.utils.dag_cycle_tester.check_cycle",
}
"""What takes the place of names that went without a new address, as the warnings of Airflow 2.11 say."""
_ARGUMENT: Final = attrgetter("arg")
_NAME: Final = regex(r"^(?![ \t]*(?:from|import)\b).*\bairflow\s*(?:\\\s*)?\.", re.M)
"""A line with a name that starts at ``airflow`` and is no import; a text that says so does no harm."""
_MAY_NAME: Final = regex(r"\bairflow\s*(?:\\\s*)?\.")
_OWN: Final = "apache-airflow"
_OLDEST: Final = "2.11"
"""The oldest release that the tables were made from: what they tell of it may be older."""
_STANDARD: Final = "airflow.providers.standard."
_SDK: Final = "airflow.sdk."
_STANDARD_PACKAGE: Final = "apache-airflow-providers-standard"
_SINCE: Final = {"provide_context": (2, 0)}
"""For arguments without effect in the oldest release of the tables: since when. Airflow 2.0 passes the context always:
https://airflow.apache.org/docs/apache-airflow/2.0.0/upgrading-to-2.html
"""


def version_of(text: str) -> tuple[int, ...]:
    """A version like 2.11 as integers."""
    return tuple(int(part) for part in text.split(".") if part.isdigit())


def target_of(package: str, version: Version) -> Version:
    """The version of a package that the file runs on, as far as Airflow's own version tells."""
    if package == _OWN:
        return version
    pinned = dict(version.beside).get(package)
    if pinned is not None:
        return pinned
    # Providers that dropped their old operators ask for Airflow 2.9 at least.
    if version.number and version.number < (2, 9) and len(version.number) > 1:
        return Version((0,), version.evidence, f"Airflow {version} in {version.source}")
    return Version()


def obsolete_in(module: Module, statement: ast.AST, version: Version, names: Names) -> tuple[ObsoleteUse, ...]:
    """Obsolete uses in one top-level statement; those in shared defaults and templates are found with the DAG."""
    return tuple(_Uses(module, version, names).uses(statement))


class _Uses:
    def __init__(self, module: Module, version: Version, names: Names) -> None:
        self.module = module
        self.version = version
        self.names = names

    def uses(self, statement: ast.AST) -> Iterator[ObsoleteUse]:
        for node, guarded in self._imports_and_attributes(statement):
            if isinstance(node, ast.ImportFrom):
                yield from self._from(node, guarded)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    yield from self._name(alias.name, alias, guarded, whole=True)
            elif isinstance(node, ast.Attribute):
                yield from self._name(dotted(node), node, guarded, whole=False)
        if not isinstance(statement, ast.Import | ast.ImportFrom):
            for site in self.module.calls_under(statement):
                yield from self._arguments(site.node)

    def _imports_and_attributes(self, statement: ast.AST) -> Iterator[tuple[ast.AST, bool]]:
        """Imports and names that start at ``airflow``; the tree is walked only where the text may hold such a name."""
        if isinstance(statement, ast.Import | ast.ImportFrom):
            yield statement, False
            return
        unit = parsed_of(statement)
        if len(unit.body) != 1 or unit.body[0] is not statement:
            text = unit.text
            if "import" in text or ("airflow" in text and _MAY_NAME.search(text) is not None):
                yield from _imports_and_attributes(statement)
            return
        units = (unit, *self.module.tree.inside(unit))
        if any("airflow" in each.text and _NAME.search(each.text) is not None for each in units):
            yield from _imports_and_attributes(statement)
            return
        for each in units:
            for node, place in each.index.imports:
                yield node, any(_looks_beyond(around.node) for around in place.outward())

    def _from(self, node: ast.ImportFrom, guarded: bool) -> Iterator[ObsoleteUse]:
        source = self.module.absolute(node)
        if not source.startswith("airflow"):
            return
        for alias in node.names:
            name = source if alias.name == "*" else f"{source}.{alias.name}"
            yield from self._name(name, alias, guarded, whole=False)

    def _name(self, name: str, node: ast.AST, guarded: bool, *, whole: bool) -> Iterator[ObsoleteUse]:
        if not name.startswith("airflow."):
            return
        entry = tables.moved(name)
        if entry is not None:
            yield moved_use(name, entry, self.module.loc(node), self.version, guarded, fixable=not whole)

    def _arguments(self, call: ast.Call) -> Iterator[ObsoleteUse]:
        if tables.removable().isdisjoint(map(_ARGUMENT, call.keywords)):
            return
        construct = self.names.construct(call.func)
        owners = argument_owners(construct)
        if not owners and isinstance(call.func, ast.Attribute) and call.func.attr == "partial":
            construct = self.names.construct(call.func.value)
            owners = argument_owners(construct)
        for keyword in call.keywords:
            for owner in owners if keyword.arg is not None else ():
                entry = tables.removed_argument(owner, keyword.arg or "") or self._by_value(owner, keyword)
                if entry is not None:
                    what = f"{keyword.arg}= of {construct.name or 'the task'}"
                    yield removed_use(what, entry, self.module.loc(keyword), self.version)
                    break

    def _by_value(self, owner: str, keyword: ast.keyword) -> RemovedArgument | None:
        if keyword.arg != "trigger_rule":
            return None
        value = self.module.value(keyword.value)
        if not isinstance(value, Known) or not isinstance(value.value, str):
            return None
        return tables.removed_argument(owner, keyword.arg, value=value.value)


def argument_owners(construct: Construct) -> tuple[str, ...]:
    """Under which names the tables keep the arguments of a callable."""
    if construct.role in ("dag", "dag_decorator"):
        return ("dag",)
    if construct.role == "task_decorator":
        return ("task",)
    if any(each.method("__init__") is not None for each in construct.classes):
        # Its own constructor may take the argument and keep it.
        return ()
    if construct.role == "operator" and construct.facts is not None:
        return tuple(dict.fromkeys((construct.qualified, construct.facts.name, "task")))
    return ()


def _imports_and_attributes(statement: ast.AST) -> Iterator[tuple[ast.AST, bool]]:
    """Imports, and the longest dotted names that start at ``airflow``; whether another branch stands beside them."""
    todo: list[tuple[ast.AST, bool]] = [(statement, False)]
    while todo:
        node, guarded = todo.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node, guarded
            continue
        if isinstance(node, ast.Attribute):
            name = dotted(node)
            if name.startswith("airflow.") and name.count(".") > 1:
                yield node, guarded
                continue
        inside = guarded or _looks_beyond(node)
        todo += [(child, inside) for child in children(node)]


def _looks_beyond(node: ast.AST | None) -> bool:
    """Whether what stands in a construct is one of several ways, for versions that have others."""
    return _catches_imports(node) or (isinstance(node, ast.If) and _asks_version(node.test))


def _catches_imports(node: ast.AST | None) -> bool:
    if not isinstance(node, ast.Try):
        return False
    caught = " ".join(ast.unparse(handler.type) for handler in node.handlers if handler.type is not None)
    return any(word in caught for word in ("ImportError", "ModuleNotFoundError", "Exception", "AttributeError"))


def _asks_version(test: ast.expr) -> bool:
    """Whether a condition is about versions (or about type checking, where nothing is imported)."""
    text = ast.unparse(test).lower()
    return any(word in text for word in ("version", "airflow", "_plus", "type_checking"))


def moved_use(
    name: str, entry: MovedName, loc: Loc, version: Version, guarded: bool, *, fixable: bool = True
) -> ObsoleteUse:
    """The fact for a module or name that moved or went."""
    last = name.rpartition(".")[2]
    new = new_name(name, entry)
    older = None
    if new is not None and entry.removed is not None and not _is_there(new, version):
        older = tables.still_works(new)
        new = older or new
    same_name = new is not None and bool(
        new.rpartition(".")[2] in (last, _SAME_THING.get(last)) or entry.renamed or entry.added
    )
    return ObsoleteUse(
        system=SYSTEM,
        what=name,
        loc=loc,
        change=_CHANGES["REMOVED"] if entry.removed is not None else ApiChange.MOVED,
        since=version_of(entry.since),
        package=entry.package,
        target=target_of(entry.package, version),
        instead=new or entry.new or entry.instead or _WITHOUT.get(name) or "something else: it has no successor",
        fix=f"import {name} {new}" if fixable and same_name and (older or _exists(entry, version)) else None,
        guarded=guarded,
    )


def _is_there(new: str, version: Version) -> bool:
    """Whether the distribution of a new address comes with the version in use: Airflow 2 does not bring all of them."""
    if version.number >= (3,) or not new.startswith((_STANDARD, _SDK)):
        return True
    return new.startswith(_STANDARD) and _STANDARD_PACKAGE in dict(version.beside)


def _exists(entry: MovedName, version: Version) -> bool:
    """Whether the new address works on the version in use; where nobody knows it, an old one that still works stays."""
    if entry.new_since is None or version.evidence is Evidence.UNKNOWN:
        return entry.new_since is None or entry.removed is not None
    return not version.below(version_of(entry.new_since))


def removed_use(what: str, entry: RemovedArgument, loc: Loc, version: Version) -> ObsoleteUse:
    """The fact for an argument that is refused or ignored."""
    always = entry.change == "IGNORED" and entry.since == _OLDEST
    fix: str | None
    if entry.value is not None:
        instead = f'{entry.name}="{entry.new_value}"' if entry.new_value else "another value"
        fix = f"value {entry.new_value}" if entry.new_value else None
        what = f"{entry.name}={entry.value!r}"
    elif entry.new is not None and always and entry.owner == "default_args":
        # Shared defaults are for tasks: what is for the DAG does nothing there, however it is spelled.
        instead, fix = f"{entry.new}= of the DAG itself", None
    elif entry.new is not None:
        instead, fix = f"{entry.new}=", f"rename {entry.new}"
    else:
        instead, fix = f"nothing in its place (remove {entry.name})", "remove"
    return ObsoleteUse(
        system=SYSTEM,
        what=what,
        loc=loc,
        change=ApiChange.NEEDLESS if always and entry.name in _SINCE else _CHANGES[entry.change],
        since=_SINCE.get(entry.name, ()) if always else version_of(entry.since),
        package=_OWN,
        target=version,
        instead=instead,
        fix=fix,
    )
