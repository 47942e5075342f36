"""Reads the requests that a file sends: who sends them, what ends, repeats and checks them.

Limits of the libraries themselves: requests and urllib wait for ever
(https://requests.readthedocs.io/en/latest/user/advanced/#timeouts, https://docs.python.org/3/library/urllib.request.html),
httpx gives up after 5 seconds without a byte (https://www.python-httpx.org/advanced/timeouts/), aiohttp after 5 minutes
(https://docs.aiohttp.org/en/stable/client_quickstart.html#timeouts).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from operator import attrgetter
from typing import Final

from pipesense.lang.python.edit import add_after, add_keywords
from pipesense.lang.python.functions import runs_in
from pipesense.lang.python.index import FUNCTIONS, LOOPS, CallSite, FunctionNode
from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import nodes_under
from pipesense.lang.python.syntax import parsed_of
from pipesense.model.change import Replace, imported
from pipesense.model.code import PatternSite
from pipesense.model.http import GraphqlAnswer, HttpCall, HttpCalls, PagedRequest
from pipesense.model.value import Absent, Known, Unknown, Value
from pipesense.systems.http.bodies import refused
from pipesense.systems.http.sessions import may_limit
from pipesense.systems.system import Lifted
from pipesense.text.regex import regex
from pipesense.text.span import Span

_VERBS: Final = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "request", "send", "urlopen"})
_CLIENT: Final = regex(
    r"(?P<library>requests|httpx|aiohttp|urllib3?)\."
    r"(?:api\.|request\.|sessions\.)?"
    r"(?P<object>(?:Session|session|Client|AsyncClient|ClientSession|PoolManager)\(\)\.)?"
    r"(?P<verb>get|post|put|patch|delete|head|options|request|send|urlopen)"
)
_WAITS: Final = frozenset({"requests", "urllib", "urllib3"})
"""Libraries that wait for ever unless they are told."""
_RAISES: Final = frozenset({"requests", "httpx", "aiohttp"})
"""Libraries whose answers have ``raise_for_status()``."""
_RETRIES: Final = ("tenacity", "backoff", "retrying", "retry", "stamina", "urllib3.util.retry")
_STATUS: Final = regex(
    r"raise_for_status|status_code|\.status\b|\.ok\b|HTTPError|HTTPStatusError|\.is_success|is_error"
    r"|\.headers(?:\.get\(|\[)\s*[\"'](?i:content-type)"
)
_BODY: Final = frozenset({"json", "text", "content", "iter_content", "iter_lines", "read", "raw"})
_ORCHESTRATORS: Final = frozenset({"airflow", "prefect", "dagster"})
_NEXT: Final = regex(
    r"next|cursor|has_more|hasMore|more_results|offset|start_?at|\bpage\b|page_?(?:no|num|number|token|index)|continuation|links?\b"
    r"|after|scroll|total|skip|since_id|max_id",
    re.I,
)
_PACE: Final = regex(
    r"sleep\(|retry.?after|ratelimit|rate_limit|limiter|throttle|RateLimit|\b429\b|backoff|tenacity", re.I
)
_SIZE: Final = regex(r"(?:^|_)(?:limit|per_?page|page_?size|max_?results|page_?limit|rows|top)$|^\$top$|^size$", re.I)
_SIZE_IN_URL: Final = regex(r"[?&]((?:limit|per_?page|page_?size|max_?results|\$top)=(\d+))", re.I)
_BUCKETS: Final = regex(r"bucket|granularity|interval|resolution", re.I)
"""An answer has one row for each stretch of the time that is asked for: how many is known before."""
_GRAPHQL: Final = regex(r"graphql|\bmutation\b|\bquery\s*[({]|^\s*\{", re.I)
_FEW: Final = 10
"""Who asks for fewer things than this looks something up."""


_MISSING_KEY: Final = frozenset({"KeyError", "LookupError", "Exception"})
_STAND_INS: Final = frozenset(
    {
        "responses.activate",  # https://github.com/getsentry/responses, 0.25
        "httpretty.activate",
        "httpretty.httprettified",
        "respx.mock",
        "requests_mock.mock",
        "requests_mock.Mocker",
        "vcr.use_cassette",
    }
)
"""Decorators under which no request leaves the process."""


@dataclass(frozen=True, slots=True)
class _Found:
    calls: tuple[HttpCall, ...] = ()
    others: tuple[GraphqlAnswer | PagedRequest, ...] = ()


def lift(module: Module) -> Lifted:
    """Everything that a file says to HTTP."""
    found = module.memo_each("http: statement", module.body, partial(_statement, module))
    calls = tuple(chain.from_iterable(map(attrgetter("calls"), found)))
    facts: list[object] = list(chain.from_iterable(map(attrgetter("others"), found)))
    if calls:
        orchestrated = any(name.partition(".")[0] in _ORCHESTRATORS for name in module.imports())
        facts.append(module.memo(("http: all", calls, orchestrated), [], lambda: HttpCalls(calls, orchestrated)))
    return Lifted(facts=tuple(facts), sites=tuple(_site(call) for call in calls))


def _site(call: HttpCall) -> PatternSite:
    """What a hover says of one request: what ends it, what repeats it, who looks at the answer."""
    ends = _in_words(call.timeout, "it waits for ever", "how long it waits is not known")
    repeats = _in_words(call.retried, "nothing repeats it", "what repeats it is not known")
    looks = _in_words(call.checked, "nobody looks at the status", "who looks at the status is not known")
    return PatternSite("extraction-over-http", call.loc, f"Limit: {ends}. Repeated: {repeats}. Status: {looks}.")


def _in_words(value: Value[str], absent: str, unknown: str) -> str:
    if isinstance(value, Known):
        return value.value
    return absent if isinstance(value, Absent) else unknown


def _statement(module: Module, statement: ast.stmt) -> _Found:
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return _Found()
    calls: list[HttpCall] = []
    others: list[GraphqlAnswer | PagedRequest] = []
    for site in module.calls_under(statement):
        if site.callee.rpartition(".")[2] not in _VERBS or module.path_of(site.node) != module.path:
            continue
        match = _client(module, site)
        if match is None:
            continue
        sent = _Sent(module, site, match.group("library"), bool(match.group("object")))
        if sent.is_answered_by_a_stand_in():
            continue
        calls.append(sent.call())
        others += sent.others()
    return _Found(tuple(calls), tuple(others))


def _client(module: Module, site: CallSite) -> re.Match[str] | None:
    """What the callee is, where every meaning of its name is a client of one library."""
    matches = [_CLIENT.fullmatch(name) for name in module.qualified(site.node.func)]
    first = matches[0] if matches else None
    return first if first is not None and all(matches) else None


class _Sent:
    """One request, and the function that sends it."""

    def __init__(self, module: Module, site: CallSite, library: str, through_object: bool) -> None:
        self.module = module
        self.site = site
        self.library = library
        self.through_object = through_object
        around = runs_in(site.place)
        self.function: FunctionNode | None = around if isinstance(around, FUNCTIONS) else None
        self.text = module.whole_text(self.function) if self.function is not None else parsed_of(site.node).text

    def call(self) -> HttpCall:
        module, node = self.module, self.site.node
        timeout = self._timeout()
        retried = self._retried()
        checked = self._checked()
        name = self.function.name if self.function is not None else ""
        return HttpCall(
            library=self.library,
            written=" ".join(module.text_of(node.func).split()),
            scope=f"{module.prefix}.{name}" if name else module.prefix,
            loc=module.loc(node.func),
            timeout=timeout,
            retried=retried,
            checked=checked,
            looped=self._looped(),
            add_timeout=add_keywords(module, node, [("timeout", "30")]) if isinstance(timeout, Absent) else (),
            add_retries=self._decorator() if isinstance(retried, Absent) else (),
            retry_imports=_TENACITY,
            check_status=self._check_status() if isinstance(checked, Absent) else (),
        )

    def is_answered_by_a_stand_in(self) -> bool:
        """Whether a library of tests answers in place of the network (``@responses.activate``)."""
        decorators = self.function.decorator_list if self.function is not None else []
        targets = (each.func if isinstance(each, ast.Call) else each for each in decorators)
        return any(name in _STAND_INS for target in targets for name in self.module.qualified(target))

    # --- what ends it ---

    def _timeout(self) -> Value[str]:
        node = self.site.node
        for keyword in node.keywords:
            if keyword.arg == "timeout":
                value = self.module.value(keyword.value)
                if isinstance(value, Known) and value.value is None and self.library in _WAITS:
                    return Unknown("timeout=None is written down")
                return Known(" ".join(self.module.text_of(keyword.value).split()))
            if keyword.arg is None:
                return Unknown("arguments come from a dictionary")
        if any(isinstance(arg, ast.Starred) for arg in node.args):
            return Unknown("arguments come from a sequence")
        if self.library == "urllib" and len(node.args) > 2:
            return Known(self.module.text_of(node.args[2]))
        if self.library not in _WAITS:
            return Known(f"the limit of {self.library}")
        if _WAITS_FOR_WORK.search(self.text):
            return Unknown("the Runtime API of AWS Lambda keeps the answer back until there is work")
        if self.library == "urllib" and "setdefaulttimeout" in self.text:
            return Unknown("a default is set for all sockets")
        if self.library == "urllib3":
            return Unknown("the pool may have a limit")
        owner = node.func.value if self.through_object and isinstance(node.func, ast.Attribute) else None
        if owner is not None and may_limit(self.module, owner, self.text):
            return Unknown("the session may have a limit")
        return Absent(Unknown("it waits for ever"), ("the call",))

    # --- what repeats it ---

    def _retried(self) -> Value[str]:
        module = self.module
        function = self.function
        if function is not None:
            for decorator in function.decorator_list:
                target = decorator.func if isinstance(decorator, ast.Call) else decorator
                words = [*module.qualified(target), module.text_of(target)]
                if any("retr" in word.lower() or word.partition(".")[0] in _RETRIES for word in words):
                    return Known(f"@{module.text_of(target)}")
        imports = module.imports()
        if self.through_object and any(name.startswith(("requests.adapters", "urllib3")) for name in imports):
            return Known("an adapter of the session")
        if any(name.partition(".")[0] in _RETRIES for name in imports):
            return Unknown("the file uses a library for retries")
        inside = [at.node for at in self.site.place.outward()]
        if any(isinstance(at, ast.Try) for at in inside) and any(isinstance(at, LOOPS) for at in inside):
            return Known("a loop of its own")
        if function is None:
            return Unknown("it is sent when the file is imported")
        return Absent(Unknown("nothing repeats it"), ("the function", "the session"))

    def _decorator(self) -> tuple[Replace, ...]:
        """``@retry(...)`` right above the function, below what other decorators make of it."""
        function = self.function
        if function is None or isinstance(function, ast.AsyncFunctionDef) or self._failure_stays():
            return ()
        if _ANSWERS.search(self.text) or function in parsed_of(function).index.generators:
            # A web service that refuses a request would refuse it again and again; the call of a generator never fails.
            return ()
        loc = self.module.loc(function)
        text = parsed_of(function).text
        line = text.rfind("\n", 0, loc.span.start) + 1
        indent = text[line : loc.span.start]
        if indent.strip():
            return ()
        written = (
            f"@{imported('retry')}(stop={imported('stop_after_attempt')}(5), "
            f"wait={imported('wait_random_exponential')}(max=60), reraise=True)\n{indent}"
        )
        return (Replace(loc.at(Span(loc.span.start, loc.span.start)), written),)

    def _failure_stays(self) -> bool:
        """Whether a handler in the function ends the failure, so that what repeats the function never sees it."""
        for at in self.site.place.outward():
            if at.node is self.function:
                return False
            if not isinstance(at.node, ast.Try):
                continue
            if not any(each is self.site.node for part in at.node.body for each in nodes_under(part)):
                continue
            for handler in at.node.handlers:
                caught = ast.unparse(handler.type) if handler.type is not None else ""
                if not _OTHER_FAULTS.fullmatch(caught) and not _raises(handler):
                    return True
        return False

    # --- what looks at the answer ---

    def _checked(self) -> Value[str]:
        if _STATUS.search(self.text):
            return Known("the status is looked at")
        if self.library in ("urllib",):
            return Known("urllib raises for every status that is no success")
        if re.search(r"\bhooks\b|raise_for_status", parsed_of(self.site.node).text):
            return Unknown("the session may look at it")
        if self.through_object and not self._made_here():
            return Unknown("the session is made elsewhere, and may look at it")
        read = self._body_read()
        if read is None:
            return Unknown("what becomes of the answer cannot be told")
        if not read:
            return Unknown("the body is not used")
        # Parsing the page of an error as JSON fails by itself, most of the time.
        parsed = Known("the body must be JSON") if read == "json" else Unknown("any body is taken")
        return Absent(parsed, ("the function",))

    def _made_here(self) -> bool:
        """Whether the session that sends it is made in this very function, whose text was searched."""
        func = self.site.node.func
        owner = func.value if isinstance(func, ast.Attribute) else None
        if not isinstance(owner, ast.Name):
            return isinstance(owner, ast.Call)
        return all(runs_in(each.place) is self.function for each in self.module.bindings_of(owner))

    def _body_read(self) -> str | None:
        """How this function reads the body, "" where it does not; None where the answer leaves it."""
        node = self.site.node
        scope = self.function if self.function is not None else parsed_of(node).body[0]
        name: str | None = None
        for inner in nodes_under(scope):
            if isinstance(inner, ast.Attribute) and inner.value is node and inner.attr in _BODY:
                return "json" if refused(self.module, scope, self.text, [inner]) else inner.attr
            if isinstance(inner, ast.Assign) and _is_it(inner.value, node):
                target = inner.targets[0]
                name = target.id if isinstance(target, ast.Name) else None
        if name is None:
            return None
        uses = [inner for inner in nodes_under(scope) if isinstance(inner, ast.Attribute | ast.Return | ast.Call)]
        for inner in uses:
            if any(isinstance(each, ast.Name) and each.id == name for each in _handed_on(inner)):
                return None
        bodies = [
            inner
            for inner in uses
            if isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name) and inner.value.id == name
            if inner.attr in _BODY
        ]
        if bodies and all(self._is_shown(each, uses) for each in bodies):
            return None
        read = {each.attr for each in bodies}
        if "json" in read or (bodies and refused(self.module, scope, self.text, bodies)):
            return "json"
        return next(iter(sorted(read)), "")

    def _is_shown(self, body: ast.Attribute, uses: Sequence[ast.AST]) -> bool:
        """Whether a body goes to nobody but the person in front of the screen."""
        return any(
            name == "builtins.print" or name.startswith("streamlit.")
            for inner in uses
            if isinstance(inner, ast.Call) and body in inner.args
            for name in self.module.qualified(inner.func)
        )

    def _check_status(self) -> tuple[Replace, ...]:
        """``answer.raise_for_status()`` behind the statement that gets the answer."""
        scope = self.function if self.function is not None else parsed_of(self.site.node).body[0]
        for inner in nodes_under(scope):
            if isinstance(inner, ast.Assign) and _is_it(inner.value, self.site.node):
                target = inner.targets[0]
                if isinstance(target, ast.Name) and len(inner.targets) == 1 and self.library in _RAISES:
                    return add_after(self.module, inner, f"{target.id}.raise_for_status()")
        return ()

    # --- pages ---

    def _looped(self) -> bool:
        for at in self.site.place.outward():
            if isinstance(at.node, FUNCTIONS):
                return False
            if isinstance(at.node, LOOPS):
                return True
        return False

    def others(self) -> Iterator[GraphqlAnswer | PagedRequest]:
        module, node = self.module, self.site.node
        scope = self.function
        if scope is None:
            return
        name = f"{module.prefix}.{scope.name}"
        paging = bool(_NEXT.search(self._rest()))
        if self.site.callee.endswith(("get", "request")):
            size = self._size()
            if size:
                paces = bool(_PACE.search(self.text)) or isinstance(self._retried(), Known)
                yield PagedRequest(name, module.loc(node.func), size, paging or self._looped(), paces)
        if self.site.callee.endswith(("post", "request")) and self._asks_graphql() and "errors" not in self.text:
            place = self._data_read(scope)
            if place is not None:
                yield GraphqlAnswer(name, module.loc(place))

    def _rest(self) -> str:
        """The function's text without the request itself: what it does with the answer."""
        return self.text.replace(self.module.text_of(self.site.node), "")

    def _size(self) -> str:
        """How many things are asked for at once, as written; "" where that is not said, or few."""
        module, node = self.module, self.site.node
        for keyword in node.keywords:
            if keyword.arg != "params":
                continue
            entries = module.dictionary(keyword.value).entries
            if any(_BUCKETS.search(key) for key in entries):
                return ""
            for key, entry in entries.items():
                value = module.value(entry.value)
                if _SIZE.search(key) and isinstance(value, Known) and str(value.value).isdigit():
                    return f"{key}={value.value}" if int(str(value.value)) >= _FEW else ""
        for arg in node.args[:2]:
            found = _SIZE_IN_URL.search(module.text_of(arg)) if isinstance(arg, ast.Constant | ast.JoinedStr) else None
            if found is not None:
                return found.group(1) if int(found.group(2)) >= _FEW else ""
        return ""

    def _asks_graphql(self) -> bool:
        module, node = self.module, self.site.node
        address = " ".join(module.text_of(arg) for arg in node.args)
        for keyword in node.keywords:
            if keyword.arg in ("json", "data"):
                entries = module.dictionary(keyword.value).entries
                if "query" in entries:
                    text = module.value(entries["query"].value)
                    said = text.value if isinstance(text, Known) and isinstance(text.value, str) else ""
                    return bool(_GRAPHQL.search(said) or "graphql" in (address + self.text).lower())
        return False

    def _data_read(self, scope: FunctionNode) -> ast.expr | None:
        """``...["data"]`` in the function; None too where an answer without data is raised."""
        tries = [inner for inner in nodes_under(scope) if isinstance(inner, ast.Try)]
        raised = {
            id(each)
            for one in tries
            if _raises_on_a_missing_key(one)
            for part in one.body
            for each in nodes_under(part)
        }
        for inner in nodes_under(scope):
            if (
                id(inner) not in raised
                and isinstance(inner, ast.Subscript)
                and isinstance(inner.ctx, ast.Load)
                and isinstance(inner.slice, ast.Constant)
                and inner.slice.value == "data"
            ):
                return inner
        return None


_OTHER_FAULTS: Final = regex(
    r"\(?(?:(?:\w+\.)*"
    r"(?:JSONDecodeError|KeyError|ValueError|TypeError|IndexError|AttributeError|AssertionError)(?:, )?)+\)?"
)
"""Handlers of what is wrong with an answer, and not of one that does not come."""
_ANSWERS: Final = regex(r"\babort\(|\bHTTPException\(|\bHttp404\b|\bhalt\(")
"""What ends the request that a web service is answering."""
_WAITS_FOR_WORK: Final = regex(r"/(?:invocation|extension/event)/next\b")
"""Requests that are meant to wait without a limit:
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
"""
_TENACITY: Final = (
    ("retry", "tenacity"),
    ("stop_after_attempt", "tenacity"),
    ("wait_random_exponential", "tenacity"),
)


def _raises(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(each, ast.Raise) for each in nodes_under(handler))


def _raises_on_a_missing_key(tried: ast.Try) -> bool:
    """``try: answer["data"]`` with ``except KeyError: raise``: the answer to a refused query has errors alone."""
    return any(
        _raises(handler) and (handler.type is None or not _MISSING_KEY.isdisjoint(_named_in(handler.type)))
        for handler in tried.handlers
    )


def _named_in(types: ast.expr) -> set[str]:
    given = types.elts if isinstance(types, ast.Tuple) else [types]
    return {each.id for each in given if isinstance(each, ast.Name)}


def _handed_on(node: ast.AST) -> list[ast.expr]:
    """What a return or a call gives to somebody else."""
    if isinstance(node, ast.Return):
        return [node.value] if node.value is not None else []
    return node.args if isinstance(node, ast.Call) else []


def _is_it(value: ast.expr, call: ast.Call) -> bool:
    return value is call or (isinstance(value, ast.Await) and value.value is call)
