"""Reading expressions where they stand, parameters of the functions around them included.

A pipeline is often built by functions of the workspace. Their bodies are read once per call, with each parameter
standing for what the call gives it: a Frame knows these, a Module knows everything else.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pipesense.lang.python.dicts import merge
from pipesense.lang.python.module import AbstractDict, Entry, Function, Module
from pipesense.model.making import quick_to_make
from pipesense.model.value import Known, Unknown, Value
from pipesense.model.where import Loc

_MAX_HOPS = 8


@quick_to_make
@dataclass(frozen=True, slots=True, eq=False)
class Bound:
    """What a parameter stands for: an expression and the frame it is read in."""

    expr: ast.expr
    frame: Frame


@dataclass(slots=True, eq=False)
class Frame:
    """One scope while it is read.

    Attributes:
        module: the file that is lifted; it also reads what stands in others.
        names: what the walk has bound so far ("self.dag" for attributes of ``self``), in the system's own words.
        bound: parameters that a call gives a value.
        spread: the keywords that a ``**kwargs`` parameter holds, by the parameter's name; None for "any".
        outer: the frame of the enclosing function.
    """

    module: Module
    names: dict[str, Any] = field(default_factory=dict)
    bound: dict[str, Bound] = field(default_factory=dict)
    spread: dict[str, Mapping[str, Argument]] = field(default_factory=dict)
    outer: Frame | None = None

    def lookup(self, name: str) -> tuple[bool, Any]:
        """Whether the walk has bound the name, and to what."""
        at: Frame | None = self
        while at is not None:
            if name in at.names:
                return True, at.names[name]
            at = at.outer
        return False, None

    def parameter(self, name: str) -> Bound | None:
        """What a parameter of this function or an enclosing one stands for."""
        at: Frame | None = self
        while at is not None:
            if name in at.bound:
                return at.bound[name]
            at = at.outer
        return None

    def has_parameters(self) -> bool:
        """Whether some name has a meaning here that the Module alone cannot know."""
        at: Frame | None = self
        while at is not None:
            if at.bound:
                return True
            at = at.outer
        return False


@quick_to_make
@dataclass(frozen=True, slots=True, eq=False)
class Argument:
    """An argument of a call, or an entry of a dictionary that serves as arguments.

    ``place`` is the node, or the entry of a dictionary, that is the name with its value.
    """

    value: ast.expr
    frame: Frame
    place: ast.AST | Entry

    @property
    def loc(self) -> Loc:
        """The name with its value (``retries=3``, ``"retries": 3``); worked out where somebody tells of it."""
        place = self.place
        return place.entry_loc if isinstance(place, Entry) else self.frame.module.loc(place)

    @property
    def file(self) -> str:
        """The file that it stands in."""
        place = self.place
        return place.path if isinstance(place, Entry) else self.frame.module.path_of(place)

    def constant(self) -> Value[object]:
        """The value, where it is a constant."""
        return constant(self.value, self.frame)


@quick_to_make
@dataclass(frozen=True, slots=True, eq=False)
class Arguments:
    """The arguments of a call by name; ``opened`` says why there may be more, None if there are none.

    ``unsure`` are the names that ``opened`` is about, where it is about some only.
    """

    items: Mapping[str, Argument]
    opened: Unknown | None
    call: ast.Call | None = None
    positional: tuple[ast.expr, ...] = ()
    unsure: frozenset[str] | None = None

    def get(self, *names: str) -> Argument | None:
        """The first of the named arguments that is given."""
        if len(names) == 1:
            return self.items.get(names[0])
        for name in names:
            found = self.items.get(name)
            if found is not None:
                return found
        return None

    def why_unsure(self, *names: str) -> Unknown | None:
        """Why one of the names may be given although ``items`` has none of them; None where none can be."""
        return self.opened if self.unsure is None or not self.unsure.isdisjoint(names) else None


NO_ARGUMENTS = Arguments({}, None)


def module_frame(module: Module) -> Frame:
    """The frame of a file's top level."""
    return Frame(module)


def follow(expr: ast.expr, frame: Frame) -> tuple[ast.expr, Frame]:
    """The expression that a parameter stands for, as far out as calls are known."""
    for _ in range(_MAX_HOPS):
        bound = frame.parameter(expr.id) if isinstance(expr, ast.Name) else None
        if bound is None:
            break
        expr, frame = bound.expr, bound.frame
    return expr, frame


def constant(expr: ast.expr, frame: Frame) -> Value[object]:
    """The constant that an expression is, parameters replaced by what they stand for."""
    expr, frame = follow(expr, frame)
    if frame.has_parameters():
        if isinstance(expr, ast.JoinedStr):
            return _joined(expr, frame)
        if isinstance(expr, ast.BinOp) and isinstance(expr.op, ast.Add):
            sides = [constant(side, frame) for side in (expr.left, expr.right)]
            texts = [side.value for side in sides if isinstance(side, Known) and isinstance(side.value, str)]
            if len(texts) == 2:
                return Known("".join(texts), frame.module.loc(expr))
    return frame.module.value(expr)


def _joined(expr: ast.JoinedStr, frame: Frame) -> Value[object]:
    parts: list[str] = []
    for part in expr.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value))
        elif isinstance(part, ast.FormattedValue) and part.conversion == -1 and part.format_spec is None:
            value = constant(part.value, frame)
            if not isinstance(value, Known) or not isinstance(value.value, str | int):
                return value if isinstance(value, Unknown) else Unknown("it is computed")
            parts.append(str(value.value))
        else:
            return Unknown("it is computed")
    return Known("".join(parts), frame.module.loc(expr))


def template(expr: ast.expr, frame: Frame) -> str:
    """A text for people that names an expression: its constant, or an f-string with its fields as written."""
    value = constant(expr, frame)
    if isinstance(value, Known) and isinstance(value.value, str):
        return value.value
    expr, frame = follow(expr, frame)
    if isinstance(expr, ast.JoinedStr):
        return "".join(
            str(part.value)
            if isinstance(part, ast.Constant)
            else "{" + frame.module.text_of(part.value) + "}"
            if isinstance(part, ast.FormattedValue)
            else ""
            for part in expr.values
        )
    written = frame.module.text_of(expr)
    return "{" + " ".join(written.split()) + "}" if len(written) <= 60 else "{...}"


def dictionary(expr: ast.expr, frame: Frame) -> AbstractDict:
    """The dictionary that an expression stands for."""
    expr, frame = follow(expr, frame)
    found = frame.module.dictionary(expr)
    if found.opened is None or not frame.has_parameters() or not isinstance(expr, ast.Dict):
        return found
    whole = AbstractDict({}, None)
    for key, value in zip(expr.keys, expr.values, strict=True):
        if key is None:
            whole = merge(whole, dictionary(value, frame))
        elif isinstance(key, ast.Constant) and isinstance(key.value, str) and key.value in found.entries:
            whole = merge(whole, AbstractDict({key.value: found.entries[key.value]}, None))
        else:
            return found
    return replace(whole, literal=expr)


def entry_arguments(entries: Mapping[str, Entry], frame: Frame) -> dict[str, Argument]:
    """The entries of a dictionary that was found from ``frame``, as arguments."""
    # Parameters of the function that is being read mean something only in code of that function.
    outside = Frame(frame.module)
    return {
        key: Argument(entry.value, frame if entry.scope.kind == "function" else outside, entry)
        for key, entry in entries.items()
    }


def read_arguments(call: ast.Call, frame: Frame, positional: tuple[str, ...] = ()) -> Arguments:
    """The arguments of a call; ``positional`` names those that may be given by position."""
    items: dict[str, Argument] = {}
    opened: Unknown | None = None
    unsure: frozenset[str] | None = frozenset()
    for name, value in zip(positional, call.args, strict=False):
        if isinstance(value, ast.Starred):
            opened, unsure = Unknown("arguments come from a sequence"), None
            break
        items[name] = Argument(value, frame, value)
    for keyword in call.keywords:
        if keyword.arg is not None:
            items[keyword.arg] = Argument(keyword.value, frame, keyword)
            continue
        found = _spread(keyword.value, frame)
        if found.opened is not None:
            opened = found.opened
            unsure = unsure | found.unsure if unsure is not None and found.unsure is not None else None
        items.update(found.items)
    return Arguments(items, opened, call, tuple(call.args), unsure or None)


def _spread(expr: ast.expr, frame: Frame) -> Arguments:
    """The arguments that ``**expr`` gives."""
    at: Frame | None = frame
    while at is not None and isinstance(expr, ast.Name):
        if expr.id in at.spread:
            return Arguments(at.spread[expr.id], None)
        at = at.outer
    found = dictionary(expr, frame)
    why = found.opened and Unknown(f"arguments come from **{frame.module.text_of(expr)}, {found.opened.why}")
    items = entry_arguments(found.entries, frame)
    return Arguments(items, why, unsure=found.unsure)


def function_frame(function: Function, call: ast.Call, caller: Frame, outer: Frame | None) -> Frame:
    """The frame of a function's body, its parameters bound to the arguments of ``call``."""
    node = function.node
    frame = Frame(caller.module, outer=outer)
    names = [arg.arg for arg in (*node.args.posonlyargs, *node.args.args)]
    if "." in function.path and names[:1] in (["self"], ["cls"]):
        names = names[1:]
    given = read_arguments(call, caller, tuple(names))
    known_names = {*names, *(arg.arg for arg in node.args.kwonlyargs)}
    definition = Frame(caller.module, outer=outer)
    for name, value in _defaults(node.args).items():
        if given.why_unsure(name) is None:
            frame.bound[name] = Bound(value, definition)
    for name in known_names & given.items.keys():
        frame.bound[name] = Bound(given.items[name].value, given.items[name].frame)
    if node.args.kwarg is not None and given.opened is None:
        frame.spread[node.args.kwarg.arg] = {
            name: item for name, item in given.items.items() if name not in known_names
        }
    return frame


def _defaults(arguments: ast.arguments) -> dict[str, ast.expr]:
    plain = (*arguments.posonlyargs, *arguments.args)
    found = {arg.arg: value for arg, value in zip(reversed(plain), reversed(arguments.defaults), strict=False)}
    for arg, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if default is not None:
            found[arg.arg] = default
    return found
