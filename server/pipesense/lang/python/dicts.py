"""Abstract dictionaries: which entries a dictionary has where it is used, and whether it may have more."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from pipesense.lang.python.index import FUNCTIONS, Binding, Mutation, Place, dotted
from pipesense.lang.python.names import (
    Position,
    dominates,
    ends,
    excludes,
    flow_scope,
    name_bindings,
    position,
    reaching,
    share_loop,
    takes_effect,
)
from pipesense.lang.python.syntax import parsed_of, place_of, span_of
from pipesense.model.making import quick_to_make
from pipesense.model.value import Known, Unknown
from pipesense.model.where import Loc
from pipesense.text.span import Span

if TYPE_CHECKING:
    from pipesense.lang.python.module import Module, Scope


@quick_to_make
@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One entry of an abstract dictionary.

    ``key_node`` is the key as it is written (the keyword for ``dict(k=v)``). The entry may stand in another file, which
    ``path`` names.
    """

    key: str
    value: ast.expr
    key_node: ast.AST
    path: str
    scope: Scope

    # Most entries are never told of: where they stand is worked out for those that are.

    @property
    def key_loc(self) -> Loc:
        """The key; of a keyword its name."""
        unit = parsed_of(self.key_node)
        loc = Loc(self.path, unit.unit, unit.span_of(self.key_node))
        if isinstance(self.key_node, ast.keyword):
            loc = loc.at(Span(loc.span.start, loc.span.start + len(self.key)))
        return loc

    @property
    def entry_loc(self) -> Loc:
        """Key and value together."""
        loc = self.key_loc
        return loc.at(loc.span.cover(span_of(self.value)))


@quick_to_make
@dataclass(frozen=True, slots=True, eq=False)
class AbstractDict:
    """What is known of a dictionary at one place of the code.

    ``opened`` is None only where every entry is known. ``literal`` is the ``{...}`` (or ``dict(...)`` call) that a
    fix may extend so that this very dictionary gets the entry, None where there is none. ``unsure`` are the keys that
    ``opened`` is about, where it is about some only: all others are as ``entries`` says.
    """

    entries: Mapping[str, Entry]
    opened: Unknown | None
    literal: ast.Dict | ast.Call | None = None
    unsure: frozenset[str] | None = None

    def why_unsure(self, key: str) -> Unknown | None:
        """Why nobody can tell how ``key`` is set beyond what ``entries`` says; None where it can be told."""
        return self.opened if self.unsure is None or key in self.unsure else None


def _open(why: str) -> AbstractDict:
    return AbstractDict({}, Unknown(why))


def dictionary(module: Module, expr: ast.expr) -> AbstractDict:
    """See ``Module.dictionary``."""
    if isinstance(expr, ast.Dict):
        return _literal(module, expr)
    if isinstance(expr, ast.Name):
        return _name(module, expr)
    if isinstance(expr, ast.BinOp) and isinstance(expr.op, ast.BitOr):
        return replace(merge(module.dictionary(expr.left), module.dictionary(expr.right)), literal=_last_literal(expr))
    if isinstance(expr, ast.Call):
        return _call(module, expr)
    if isinstance(expr, ast.IfExp):
        return _either(module, [module.dictionary(expr.body), module.dictionary(expr.orelse)])
    if isinstance(expr, ast.NamedExpr):
        return module.dictionary(expr.value)
    if isinstance(expr, ast.Attribute):
        return _attribute(module, expr)
    if isinstance(expr, ast.Subscript):
        return _subscript(module, expr)
    if isinstance(expr, ast.Constant) and expr.value is None:
        return AbstractDict({}, None)
    return _open(f"it is computed: {_short(module, expr)}")


def _short(module: Module, expr: ast.AST) -> str:
    text = " ".join(module.text_of(expr).split())
    return text if len(text) <= 40 else text[:37] + "..."


def _last_literal(expr: ast.BinOp) -> ast.Dict | None:
    """The literal that has the last word in ``a | {...}``, else one that has a word at all."""
    if isinstance(expr.right, ast.Dict):
        return expr.right
    return expr.left if isinstance(expr.left, ast.Dict) else None


def merge(first: AbstractDict, second: AbstractDict) -> AbstractDict:
    """``first`` updated by ``second``. What an open ``second`` may overwrite is not known any more."""
    if second.opened is not None and second.unsure is None:
        return AbstractDict(dict(second.entries), second.opened, first.literal)
    kept = {key: entry for key, entry in first.entries.items() if second.why_unsure(key) is None}
    entries = {**kept, **second.entries}
    if first.opened is not None and first.unsure is None:
        return AbstractDict(entries, first.opened, first.literal)
    unsure = ((first.unsure or frozenset()) - second.entries.keys()) | (second.unsure or frozenset())
    opened = second.opened or first.opened
    return AbstractDict(entries, opened if unsure else None, first.literal, unsure or None)


def _either(module: Module, parts: list[AbstractDict]) -> AbstractDict:
    """One of several dictionaries: only what all have in the same words is known."""
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    common = {
        key: entry
        for key, entry in first.entries.items()
        if all(key in part.entries and _same(module, entry, part.entries[key]) for part in parts)
    }
    opened = next((part.opened for part in parts if part.opened is not None), None)
    if any(part.opened is not None and part.unsure is None for part in parts):
        return AbstractDict(common, opened)
    unsure = frozenset(key for part in parts for key in (*part.entries, *(part.unsure or ()))) - common.keys()
    if unsure and opened is None:
        opened = Unknown("it differs between the branches of a condition")
    return AbstractDict(common, opened, None, unsure or None)


def _same(module: Module, one: Entry, other: Entry) -> bool:
    if one.value is other.value:
        return True
    left, right = module.value(one.value), module.value(other.value)
    return isinstance(left, Known) and isinstance(right, Known) and left.value == right.value


def _entry(module: Module, key: str, key_node: ast.AST, value: ast.expr) -> Entry:
    return Entry(key, value, key_node, module.path_of(key_node), module.scope_of(value))


def _literal(module: Module, expr: ast.Dict) -> AbstractDict:
    found = AbstractDict({}, None)
    # Entries with plain keys are gathered and merged together: a table of a thousand would be copied a thousand times.
    plain: dict[str, Entry] = {}
    for key, item in zip(expr.keys, expr.values, strict=True):
        pair = module.dictionary(item) if key is None else _pair(module, key, item)
        if key is not None and pair.opened is None:
            plain.update(pair.entries)
            continue
        found = merge(merge(found, AbstractDict(plain, None)), pair)
        plain = {}
    if not found.entries and found.opened is None:
        return AbstractDict(plain, None, expr)
    return replace(merge(found, AbstractDict(plain, None)), literal=expr)


def _pair(module: Module, key: ast.expr, item: ast.expr) -> AbstractDict:
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        return AbstractDict({key.value: _entry(module, key.value, key, item)}, None)
    known = module.value(key)
    if isinstance(known, Known) and isinstance(known.value, str):
        return AbstractDict({known.value: _entry(module, known.value, key, item)}, None)
    if isinstance(known, Known):
        return AbstractDict({}, None)
    return _open(f"the key {_short(module, key)} cannot be told")


def keywords_of(module: Module, call: ast.Call) -> AbstractDict:
    """The keyword arguments of a call, those of ``**config`` included."""
    found = AbstractDict({}, None)
    for keyword in call.keywords:
        if keyword.arg is None:
            found = merge(found, module.dictionary(keyword.value))
        else:
            entry = _entry(module, keyword.arg, keyword, keyword.value)
            found = merge(found, AbstractDict({keyword.arg: entry}, None))
    return found


_COPIES: Final = frozenset({"copy.copy", "copy.deepcopy", "types.MappingProxyType"})
_DICTS: Final = frozenset({"builtins.dict", "collections.OrderedDict", "typing.cast"})


def _call(module: Module, expr: ast.Call) -> AbstractDict:
    names = module.qualified(expr.func)
    if len(names) == 1 and names[0] in _DICTS:
        return _constructor(module, expr, names[0])
    if len(names) == 1 and names[0] in _COPIES and expr.args:
        return replace(module.dictionary(expr.args[0]), literal=None)
    function = module.locate(names[0]) if len(names) == 1 else None
    if function is not None and isinstance(function.node, ast.FunctionDef) and not function.node.decorator_list:
        owner = function.module
        returned = owner.returned(function.node)
        if returned and all(item is not None for item in returned):
            return module.ask(
                owner, lambda: _either(owner, [owner.dictionary(item) for item in returned if item is not None])
            )
    if isinstance(expr.func, ast.Attribute) and expr.func.attr == "copy" and not expr.args and not expr.keywords:
        return replace(module.dictionary(expr.func.value), literal=None)
    return _open(f"it comes from a call to {_short(module, expr.func)}")


def _constructor(module: Module, expr: ast.Call, name: str) -> AbstractDict:
    if name == "typing.cast":
        return module.dictionary(expr.args[-1]) if len(expr.args) == 2 else _open("it comes from a call to cast")
    if not expr.args:
        return replace(keywords_of(module, expr), literal=expr)
    if isinstance(expr.args[0], ast.Starred) or len(expr.args) > 1:
        return _open(f"it comes from {_short(module, expr)}")
    return replace(merge(module.dictionary(expr.args[0]), keywords_of(module, expr)), literal=expr)


def _subscript(module: Module, expr: ast.Subscript) -> AbstractDict:
    outer = module.dictionary(expr.value)
    key = module.value(expr.slice)
    if isinstance(key, Known) and isinstance(key.value, str) and (entry := outer.entries.get(key.value)):
        name = expr.value.id if isinstance(expr.value, ast.Name) else ""
        if name and not any(change.kind == "nested" for change in module.changes(name)):
            return module.dictionary(entry.value)
    return _open(f"it is read from {_short(module, expr)}")


def _attribute(module: Module, expr: ast.Attribute) -> AbstractDict:
    parts: list[AbstractDict] = []
    for base in module.qualified(expr.value):
        other = None if base.endswith(")") or module.is_own(base) else module.imported(base)
        if other is None:
            return _open(f"it is read from {_short(module, expr)}")
        parts.append(module.ask(other, partial(exported, other, expr.attr)))
    return _either(module, parts) if parts else _open(f"it is read from {_short(module, expr)}")


def exported(module: Module, name: str) -> AbstractDict:
    """A top-level dictionary once its module has run."""
    return module.answer_about("dictionary", name, _exported, _open(f"{name} refers to itself"))


def _exported(module: Module, name: str) -> AbstractDict:
    found = reaching(module, name, module.end_place, None)
    if found.outside or not found.certain:
        return _open(f"{name} is not found in {module.name}")
    return _either(module, [_bound(module, binding, None, module.end_place) for binding in found.bindings])


def _name(module: Module, expr: ast.Name) -> AbstractDict:
    found = name_bindings(module, expr)
    if found.outside or not found.bindings:
        return _open(f"{expr.id} is not defined in this file")
    if not found.certain:
        return _open(f"{expr.id} is also set by a function")
    at = position(module, expr)
    return _either(module, [_bound(module, binding, at, place_of(expr)) for binding in found.bindings])


def _bound(module: Module, binding: Binding, at: Position | None, use: Place) -> AbstractDict:
    """What the binding's dictionary holds when the code at ``use`` reads it."""
    made = _made(module, binding)
    for mutation, certainly in _between(module, binding, at, use):
        made = _apply(module, made, mutation, certainly)
    for alias in module.table.aliases(binding.name):
        if alias.name != binding.name and any(_is_change(change) for change in module.changes(alias.name)):
            made = replace(made, opened=Unknown(f"it is also changed as {alias.name}"), unsure=None)
    return made


def _made(module: Module, binding: Binding) -> AbstractDict:
    if binding.kind == "assign" and binding.value is not None:
        return module.dictionary(binding.value)
    if binding.kind == "from" and isinstance(binding.node, ast.alias) and isinstance(binding.statement, ast.ImportFrom):
        name = binding.node.name
        source = module.absolute(binding.statement)
        other = module.imported(source) if source else None
        if other is None:
            return _open(f"{name} comes from {source}, which is not in the workspace")
        return module.ask(other, lambda: exported(other, name))
    if binding.kind == "parameter":
        return _open(f"{binding.name} is a parameter")
    return _open(f"{binding.name} cannot be followed" + (f": {binding.why}" if binding.why else ""))


def _is_change(mutation: Mutation) -> bool:
    return mutation.kind not in {"attribute", "nested"}


def _between(module: Module, binding: Binding, at: Position | None, use: Place) -> list[tuple[Mutation, bool]]:
    """Changes after the binding that the use may see, each with whether it surely happened."""
    home, _ = flow_scope(binding.place)
    use_scope, _ = flow_scope(use)
    begin = takes_effect(module, binding)
    found: list[tuple[Mutation, bool]] = []
    for mutation in module.changes(binding.name):
        if not _is_change(mutation) or module.table.home(mutation) is not home:
            continue
        where = ends(module, mutation.node)
        if flow_scope(mutation.place)[0] is not home:
            found.append((mutation, False))
            continue
        if where < begin and not share_loop(mutation.place, use):
            continue
        if excludes(mutation.place, use):
            continue
        if use_scope is home and at is not None:
            if where >= at:
                if share_loop(mutation.place, use):
                    found.append((mutation, False))
                continue
            found.append((mutation, dominates(mutation.place, use)))
        else:
            late = at is not None and where > _definition(module, use, home)
            found.append((mutation, not late and not any(True for _ in mutation.place.conditions())))
    return found


def _definition(module: Module, use: Place, home: ast.AST | None) -> Position:
    """Where the function that holds ``use`` is defined in the scope ``home``: from there on it may be called."""
    last: ast.AST | None = None
    for place in use.outward():
        if place.node is home:
            break
        if isinstance(place.node, (*FUNCTIONS, ast.Lambda, ast.ClassDef)):
            last = place.node
    return position(module, last) if last is not None else (1 << 30, 0, 0)


def _apply(module: Module, made: AbstractDict, mutation: Mutation, certainly: bool) -> AbstractDict:
    change = _change(module, mutation)
    if change is None:
        text = dotted(mutation.node.func) if isinstance(mutation.node, ast.Call) else ""
        why = f"it is given to {text}()" if mutation.kind == "escape" and text else "it is changed in place"
        return AbstractDict({}, Unknown(why), made.literal)
    if certainly:
        return merge(made, change)
    reason = Unknown("it is changed under a condition or in another function")
    kept = {key: entry for key, entry in made.entries.items() if key not in change.entries}
    if any(part.opened is not None and part.unsure is None for part in (made, change)):
        return AbstractDict({} if change.opened is not None else kept, reason, made.literal)
    unsure = frozenset(change.entries) | (change.unsure or frozenset()) | (made.unsure or frozenset())
    return AbstractDict({key: kept[key] for key in kept.keys() - unsure}, reason, made.literal, unsure)


def _change(module: Module, mutation: Mutation) -> AbstractDict | None:
    """The entries that a change sets, None for a change that is not understood."""
    if mutation.kind == "item" and mutation.key is not None and mutation.value is not None:
        return _pair(module, mutation.key, mutation.value)
    if mutation.kind == "merge" and mutation.value is not None:
        return module.dictionary(mutation.value)
    if mutation.kind == "merge" and isinstance(mutation.node, ast.Call):
        call = mutation.node
        keywords = keywords_of(module, call)
        if not call.args:
            return keywords
        return merge(module.dictionary(call.args[0]), keywords) if len(call.args) == 1 else None
    return None
