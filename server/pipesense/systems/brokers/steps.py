"""Reads the code that handles one message: which calls decode, work, send, and say that the message is done."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from pipesense.lang.python.effects import name_effect, scope_effects
from pipesense.lang.python.functions import Function
from pipesense.lang.python.index import dotted, root_name
from pipesense.lang.python.instances import Instances
from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import children, nodes_under
from pipesense.lang.python.syntax import parsed_of
from pipesense.model.broker import Handler, Step, StepKind
from pipesense.model.flow import Effect
from pipesense.model.where import Loc
from pipesense.text.regex import regex
from pipesense.text.span import Span

_LOG: Final = regex(
    r"(?:.*\.)?(?:log|logger|logging|_log|_logger|LOG|LOGGER|structlog|warnings|traceback|sys\.std(?:out|err)|console|tqdm|st)"
    r"\.\w+|print|pprint(?:\.pprint)?|.*\.(?:debug|info|warning|warn|error|exception|critical)"
)
_DECODE: Final = regex(
    r".*(?:^|\.)(?:json|ujson|orjson|simplejson|rapidjson|pickle|msgpack|avro|fastavro|marshal|yaml|cbor2?|bson)\.\w*"
    r"(?:loads?|unpackb?|decode|reader|deserialize)\w*|.*\.(?:ParseFromString|FromString|model_validate(?:_json)?"
    r"|parse_raw|parse_obj|deserialize)|.*(?:^|[._])deserialize\w*|.*_deserializer"
)
_VERBS: Final = frozenset(
    {
        *("execute", "executemany", "execute_batch", "execute_values", "copy_expert", "bulk_save_objects"),
        *("insert", "insert_one", "insert_many", "insert_rows", "insert_rows_json", "update_one", "update_many"),
        *("replace_one", "bulk_write", "find_one_and_update", "put_item", "put_object", "put_record", "put_records"),
        *("upload_file", "upload_fileobj", "to_sql", "to_parquet", "to_csv", "upsert", "bulk", "save", "write"),
        *("writerow", "write_points", "publish", "send", "send_message", "send_and_wait", "produce", "post", "index"),
        *("hset", "setex", "incr", "lpush", "rpush", "xadd", "zadd", "delete_one", "merge", "add_all"),
    }
)
"""Methods by which data leaves a program, whatever the object."""
_HARMLESS: Final = frozenset(
    {
        *("append", "extend", "get", "items", "keys", "values", "update", "pop", "popleft", "strip", "split", "lower"),
        *(
            "upper",
            "join",
            "format",
            "startswith",
            "endswith",
            "replace",
            "setdefault",
            "copy",
            "value",
            "key",
            "topic",
        ),
        *("partition", "offset", "timestamp", "error", "code", "headers", "data", "message_id", "properties", "is_set"),
        *("str", "body_as_str", "body_as_json", "sleep", "time", "monotonic", "now", "isoformat", "encode", "decode"),
        *("clear", "add", "discard", "count", "retriable", "fatal", "latency", "as_dict", "redelivery_count", "result"),
        *("get_data", "put_nowait", "task_done", "empty", "full", "set", "inc", "observe", "labels", "dec", "remove"),
        *("total_seconds", "strftime", "fromtimestamp", "utcfromtimestamp", "uuid4", "topic_name", "_partition_eof"),
        *("publish_timestamp", "event_timestamp", "partition_key", "is_closed", "getLogger", "hexdigest", "fullmatch"),
    }
)
_QUIET_PURE: Final = frozenset({"builtins", "json", "time", "datetime", "math", "re", "uuid", "base64", "hashlib"})
_DATA_ERRORS: Final = regex(
    r"(?:.*\.)?(?:Exception|BaseException|ValueError|TypeError|KeyError|IndexError|AttributeError|LookupError"
    r"|JSONDecodeError|Unicode(?:Decode)?Error|ValidationError|DecodeError|Serialization\w*Error|SerializerError"
    r"|ParseError|InvalidOperation|AssertionError|ArithmeticError|ZeroDivisionError|StandardError)"
)


@dataclass(frozen=True, slots=True)
class Words:
    """What this client calls things, for one piece of code.

    ``reads(call)``: the call asks the consumer for messages. ``done(call)``, ``again(call)``, ``sends(call)`` alike.
    """

    reads: Callable[[ast.Call], bool]
    done: Callable[[ast.Call], bool]
    again: Callable[[ast.Call], bool]
    sends: Callable[[ast.Call], bool]

    def asked(self) -> tuple[tuple[StepKind, Callable[[ast.Call], bool]], ...]:
        """What the client's own words mean."""
        return (StepKind.DONE, self.done), (StepKind.AGAIN, self.again), (StepKind.SEND, self.sends)


@dataclass(slots=True)
class Reading:
    """Collects the steps of one body."""

    module: Module
    instances: Instances
    words: Words
    tainted: set[str]
    steps: list[Step] = field(default_factory=list)
    handlers: list[Handler] = field(default_factory=list)
    holders: frozenset[str] = frozenset()
    handed_on: bool = False
    """Somebody else gets the message itself, or what it is said to be done with."""
    block: tuple[Loc, str] | None = None
    """The end of the block at hand, and its indentation."""
    received: list[str] = field(default_factory=list)
    """Names that what the consumer hands out is bound to."""

    def expression(self, node: ast.expr, statement: ast.stmt) -> None:
        """The head of the loop."""
        self._calls(node, statement, True, False, False)

    def body(self, statements: Sequence[ast.stmt], *, certain: bool, in_handler: bool, guarded: bool) -> None:
        """The statements of a block, in order."""
        outer = self.block
        ends = statements and isinstance(statements[-1], ast.Continue | ast.Break | ast.Return | ast.Raise)
        # Nothing runs behind what leaves the block: its end is in front of that.
        kept = statements[:-1] if ends else statements
        self.block = end_of(self.module, kept) if kept else None
        for statement in kept:
            self._statement(statement, certain, in_handler, guarded)
        self.block = None
        for statement in statements[len(kept) :]:
            self._statement(statement, certain, in_handler, guarded)
        self.block = outer

    def _statement(self, node: ast.stmt, certain: bool, in_handler: bool, guarded: bool) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return
        if isinstance(node, ast.If | ast.While):
            self._calls(node.test, node, certain, in_handler, guarded)
            inner = certain and self._is_presence(node.test)
            self.body(node.body, certain=inner, in_handler=in_handler, guarded=guarded)
            self.body(node.orelse, certain=inner, in_handler=in_handler, guarded=guarded)
        elif isinstance(node, ast.For | ast.AsyncFor):
            self._calls(node.iter, node, certain, in_handler, guarded)
            if self._takes(node.iter):
                self._taint(node.target)
            self.body(node.body, certain=certain, in_handler=in_handler, guarded=guarded)
        elif isinstance(node, ast.With | ast.AsyncWith):
            for item in node.items:
                self._calls(item.context_expr, node, certain, in_handler, guarded)
            self.body(node.body, certain=certain, in_handler=in_handler, guarded=guarded)
        elif isinstance(node, ast.Try):
            self._try(node, certain, in_handler, guarded)
        elif isinstance(node, ast.Match):
            self._calls(node.subject, node, certain, in_handler, guarded)
            for case in node.cases:
                self.body(case.body, certain=False, in_handler=in_handler, guarded=guarded)
        else:
            self._calls(node, node, certain, in_handler, guarded)
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and self._takes(node.value):
                for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                    self._taint(target)

    def _try(self, node: ast.Try, certain: bool, in_handler: bool, guarded: bool) -> None:
        catches = [each for each in node.handlers if _catches_data(each) and not _leaves(each.body)]
        before = len(self.steps)
        self.body(node.body, certain=certain, in_handler=in_handler, guarded=guarded or bool(catches))
        covered = frozenset(
            step.kind for step in self.steps[before:] if step.takes_message or step.kind is StepKind.DONE
        )
        for each in node.handlers:
            if each in catches and not in_handler:
                self.handlers.append(self._handler(each, covered))
            self.body(each.body, certain=False, in_handler=True, guarded=guarded)
        self.body(node.orelse, certain=certain, in_handler=in_handler, guarded=guarded)
        self.body(node.finalbody, certain=certain, in_handler=in_handler, guarded=guarded)

    def _handler(self, node: ast.ExceptHandler, covered: frozenset[StepKind]) -> Handler:
        start = self.module.loc(node).span.start
        end, indent = end_of(self.module, node.body)
        last = node.body[-1]
        if isinstance(last, ast.Continue | ast.Break | ast.Return) and indent:
            # Nothing runs behind it: what is added stands before its line.
            span = parsed_of(last).span_of(last)
            line = parsed_of(last).text.rfind("\n", 0, span.start)
            end = self.module.loc(last).at(Span(line, line))
        head = self.module.loc(node.type) if node.type is not None else None
        stop = head.span.end if head is not None else start + len("except")
        return Handler(
            loc=self.module.loc(node).at(Span(start, stop)),
            catches=self.module.text_of(node.type) if node.type is not None else "everything",
            quiet=all(self._is_quiet(statement) for statement in node.body),
            covers=covered,
            end=end,
            indent=indent,
        )

    def _is_quiet(self, node: ast.stmt) -> bool:
        if isinstance(node, ast.Pass | ast.Continue):
            return True
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return True
        if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
            return False
        return is_log(node.value) and not any(
            isinstance(inner, ast.Call)
            and not is_log(inner)
            and dotted(inner.func).rpartition(".")[2] not in _HARMLESS
            and dotted(inner.func) not in ("str", "repr", "type", "len", "traceback.format_exc", "format_exc")
            for inner in nodes_under(node.value)
        )

    def _calls(self, root: ast.AST, statement: ast.stmt, certain: bool, in_handler: bool, guarded: bool) -> None:
        found = [each for each in _own_walk(root) if isinstance(each, ast.Call)]
        # Python evaluates arguments before the call that takes them.
        found.sort(key=lambda each: (each.end_lineno or 0, each.end_col_offset or 0))
        for call in found:
            if self.words.reads(call):
                self._receive(statement)
                continue
            given = (*call.args, *(word.value for word in call.keywords))
            names = {each.id for each in given if isinstance(each, ast.Name)}
            if names & self.holders and not is_log(call):
                self.handed_on = True
            kind = self._kind(call)
            if kind is None:
                continue
            self.steps.append(
                Step(
                    kind=kind,
                    loc=self.module.loc(call),
                    text=_short(self.module, call),
                    statement=whole_lines(self.module, statement),
                    certain=certain,
                    in_handler=in_handler,
                    guarded=guarded,
                    takes_message=self._takes(call),
                    after=self.block[0] if self.block is not None else None,
                    indent=self.block[1] if self.block is not None else "",
                )
            )

    def _kind(self, call: ast.Call) -> StepKind | None:
        said = next((kind for kind, asks in self.words.asked() if asks(call)), None)
        if said is not None:
            return said
        if is_log(call):
            return None
        written = dotted(call.func)
        last = written.rpartition(".")[2] or (call.func.attr if isinstance(call.func, ast.Attribute) else "")
        functions = self.module.callables(call.func)
        if not functions and _DECODE.fullmatch(written or last) is not None:
            return StepKind.DECODE
        is_method = isinstance(call.func, ast.Attribute)
        if is_method and last in _HARMLESS and self._takes(call.func):
            return None
        names = self.instances.names(call.func)
        for name in names:
            effect = name_effect(name)
            if effect is not None:
                return StepKind.WORK if effect[0] in (Effect.NETWORK, Effect.WRITE) else None
        if functions:
            return StepKind.DONE if self._only_say_done(functions) else self._of_functions(functions)
        if names and all(name.partition(".")[0] in _QUIET_PURE for name in names):
            return None
        if is_method and last in _VERBS:
            return StepKind.WORK
        if (is_method and last in _HARMLESS) or last[:1].isupper():
            return None
        return StepKind.CALL

    def _of_functions(self, functions: Sequence[Function]) -> StepKind | None:
        touched = [scope_effects(self.module, function) for function in functions]
        if any({Effect.NETWORK, Effect.WRITE} & each.effects for each in touched):
            return StepKind.WORK
        return StepKind.CALL if any(each.opened for each in touched) else None

    def _only_say_done(self, functions: Sequence[Function]) -> bool:
        """Whether functions of the file do nothing but say that messages are done, one by one perhaps."""
        for function in functions:
            if function.module is not self.module:
                return False
            calls = [site.node for site in self.module.calls_under(function.node)]
            done = [call for call in calls if self.words.done(call)]
            rest = (call for call in calls if call not in done and not is_log(call))
            if not done or not all(
                isinstance(call.func, ast.Attribute) and call.func.attr in _HARMLESS for call in rest
            ):
                return False
        return True

    def _is_presence(self, test: ast.expr) -> bool:
        """Whether a condition only asks if there is a message, or an error instead of one."""
        if isinstance(test, ast.BoolOp):
            return all(self._is_presence(each) for each in test.values)
        if isinstance(test, ast.UnaryOp):
            return self._is_presence(test.operand)
        if isinstance(test, ast.Compare):
            return isinstance(test.ops[0], ast.Is | ast.IsNot) and self._takes(test.left)
        if isinstance(test, ast.Call):
            return isinstance(test.func, ast.Attribute) and test.func.attr == "error" and self._takes(test.func)
        return isinstance(test, ast.NamedExpr) or (isinstance(test, ast.Name) and test.id in self.tainted)

    def _takes(self, node: ast.AST) -> bool:
        return any(isinstance(each, ast.Name) and each.id in self.tainted for each in nodes_under(node))

    def _taint(self, target: ast.AST) -> None:
        self.tainted |= {each.id for each in nodes_under(target) if isinstance(each, ast.Name)}

    def _receive(self, statement: ast.stmt) -> None:
        """What the consumer hands out gets its names in this statement."""
        targets: list[ast.AST] = []
        if isinstance(statement, ast.Assign):
            targets += statement.targets
        elif isinstance(statement, ast.AnnAssign | ast.For | ast.AsyncFor):
            targets.append(statement.target)
        elif isinstance(statement, ast.While | ast.If):
            targets += [node.target for node in nodes_under(statement.test) if isinstance(node, ast.NamedExpr)]
        for target in targets:
            self._taint(target)
            self.received += [target.id] if isinstance(target, ast.Name) else []


def is_log(call: ast.Call) -> bool:
    """Whether a call only tells somebody something."""
    written = dotted(call.func)
    if not written and isinstance(call.func, ast.Attribute):
        written = "x." + call.func.attr
    return _LOG.fullmatch(written) is not None


def _own_walk(root: ast.AST) -> Iterator[ast.AST]:
    """The nodes of an expression or simple statement without the bodies of functions in it."""
    todo: list[ast.AST] = [root]
    while todo:
        node = todo.pop()
        yield node
        todo += [each for each in children(node) if not isinstance(each, ast.Lambda | ast.stmt)]


def _catches_data(handler: ast.ExceptHandler) -> bool:
    """Whether errors in the data of a message are caught."""
    if handler.type is None:
        return True
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(_DATA_ERRORS.fullmatch(dotted(each)) is not None for each in types)


def _leaves(body: Sequence[ast.stmt]) -> bool:
    """Whether a handler always ends the reading: it raises, returns, breaks, or ends the program."""
    for statement in body:
        if isinstance(statement, ast.Raise | ast.Return | ast.Break):
            return True
        call = statement.value if isinstance(statement, ast.Expr) else None
        if isinstance(call, ast.Call) and dotted(call.func) in ("sys.exit", "exit", "quit", "os._exit", "os.abort"):
            return True
    return False


def message_names(target: ast.AST) -> set[str]:
    """The names that a loop gives a message."""
    return {each.id for each in nodes_under(target) if isinstance(each, ast.Name)}


def rooted_in(call: ast.Call, names: set[str]) -> bool:
    """Whether a method is called on one of the names (``message.ack()``)."""
    return isinstance(call.func, ast.Attribute) and root_name(call.func.value) in names


def _short(module: Module, call: ast.Call) -> str:
    text = " ".join(module.text_of(call.func).split())
    # The end of a long chain says what it does.
    return (text if len(text) <= 40 else "..." + text[-37:].partition(".")[2]) + "()"


def whole_lines(module: Module, statement: ast.stmt) -> Loc:
    """A statement with the lines it stands in, line breaks included."""
    unit = parsed_of(statement)
    span = unit.span_of(statement)
    start = unit.text.rfind("\n", 0, span.start) + 1
    end = unit.text.find("\n", span.end)
    return module.loc(statement).at(Span(start, len(unit.text) if end < 0 else end + 1))


def end_of(module: Module, body: Sequence[ast.stmt]) -> tuple[Loc, str]:
    """The end of the last line of a block, and the block's indentation."""
    last = body[-1]
    inner = last
    while nested := [each for each in children(inner) if isinstance(each, ast.stmt | ast.ExceptHandler)]:
        inner = nested[-1]  # type: ignore[assignment]
        if isinstance(inner, ast.ExceptHandler):
            inner = inner.body[-1]
    unit = parsed_of(inner)
    span = unit.span_of(inner)
    end = unit.text.find("\n", span.end)
    end = len(unit.text) if end < 0 else end
    first = parsed_of(body[0])
    start = first.span_of(body[0]).start
    line = first.text[first.text.rfind("\n", 0, start) + 1 : start]
    return module.loc(inner).at(Span(end, end)), line if not line.strip() else ""
