"""What well-known library calls touch outside the program, and what a function touches through its callees."""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING, Final

from pipesense.lang.python.functions import Function, own_calls, runs_in
from pipesense.lang.python.index import CallSite
from pipesense.lang.python.repeating import is_repeated, may_repeat
from pipesense.lang.python.syntax import parsed_of
from pipesense.model.code import ScopeEffects
from pipesense.model.flow import Effect
from pipesense.text.regex import regex

if TYPE_CHECKING:
    from pipesense.lang.python.module import Module


@dataclass(frozen=True, slots=True)
class CallEffect:
    """``what`` is the resolved callable, ``words`` what it does, for people ("asks the metadata database")."""

    what: str
    effect: Effect
    words: str


_HTTP: Final = "sends a request over the network"
_DATABASE: Final = "opens a connection to a database"
_QUERY: Final = "runs a statement in a database"
_METADATA: Final = "asks the metadata database"
_SERVICE: Final = "calls a service over the network"
_REMOTE: Final = "reads or writes data over the network"
_ADDRESS: Final = regex(r"(?!file:)[a-z][a-z0-9+]*://", re.I)
_VERBS: Final = r"(?:get|post|put|patch|delete|head|options|request|send|stream)"
_INSTANCE: Final = r"(?:\w+\.)*\w+\(\)"

_RULES: Final[tuple[tuple[str, str, Effect, str], ...]] = (
    # (package, what follows its name, effect, words)
    ("requests", rf"(?:api\.)?{_VERBS}|(?:sessions\.)?[sS]ession\(\)\.{_VERBS}", Effect.NETWORK, _HTTP),
    ("httpx", rf"{_VERBS}|(?:Async)?Client\(\)\.{_VERBS}", Effect.NETWORK, _HTTP),
    ("aiohttp", rf"request|ClientSession\(\)\.{_VERBS}", Effect.NETWORK, _HTTP),
    ("urllib", r"request\.(?:urlopen|urlretrieve)", Effect.NETWORK, _HTTP),
    ("urllib3", r"request|PoolManager\(\)\.(?:request|urlopen)", Effect.NETWORK, _HTTP),
    ("http", r"client\.HTTPS?Connection\(\)\.(?:request|connect|getresponse)", Effect.NETWORK, _HTTP),
    ("gql", r"(?:client\.)?Client\(\)\.(?:execute|execute_sync|execute_async|execute_batch)", Effect.NETWORK, _HTTP),
    ("python_graphql_client", r"GraphqlClient\(\)\.execute(?:_async)?", Effect.NETWORK, _HTTP),
    ("sgqlc", r"endpoint\.(?:http\.HTTP|requests\.Requests)Endpoint\(\)", Effect.NETWORK, _HTTP),
    ("socket", r"create_connection|socket\(\)\.(?:connect|send\w*|recv\w*)", Effect.NETWORK, _SERVICE),
    ("smtplib", r"SMTP(?:_SSL)?(?:\(\)\.\w+)?", Effect.NETWORK, "sends e-mail"),
    ("ftplib", r"FTP(?:_TLS)?(?:\(\)\.\w+)?", Effect.NETWORK, _SERVICE),
    ("paramiko", r"SSHClient\(\)\.(?:connect|exec_command|open_sftp).*", Effect.NETWORK, _SERVICE),
    (
        "boto3",
        r"(?:Session\(\)\.|session\.Session\(\)\.)?(?:client|resource)\(\)\.(?!meta\b|exceptions\b).*",
        Effect.NETWORK,
        _SERVICE,
    ),
    ("botocore", r".*\(\)\.(?!meta\b).*", Effect.NETWORK, _SERVICE),
    ("psycopg2", r"connect(?:\(\).*)?|pool\..*\(\)\.getconn.*", Effect.NETWORK, _DATABASE),
    ("psycopg", r"(?:Async)?(?:Connection\.)?connect(?:\(\).*)?", Effect.NETWORK, _DATABASE),
    ("asyncpg", r"(?:connect|create_pool)(?:\(\).*)?", Effect.NETWORK, _DATABASE),
    ("pymysql", r"connect(?:\(\).*)?", Effect.NETWORK, _DATABASE),
    ("MySQLdb", r"connect(?:\(\).*)?", Effect.NETWORK, _DATABASE),
    ("mysql", r"connector\.connect(?:\(\).*)?", Effect.NETWORK, _DATABASE),
    ("pyodbc", r"connect(?:\(\).*)?", Effect.NETWORK, _DATABASE),
    ("cx_Oracle", r"connect(?:\(\).*)?", Effect.NETWORK, _DATABASE),
    ("oracledb", r"connect(?:\(\).*)?", Effect.NETWORK, _DATABASE),
    ("snowflake", r"connector\.connect(?:\(\).*)?", Effect.NETWORK, _DATABASE),
    ("redshift_connector", r"connect(?:\(\).*)?", Effect.NETWORK, _DATABASE),
    ("trino", r"dbapi\.connect(?:\(\).*)?", Effect.NETWORK, _DATABASE),
    ("clickhouse_driver", r"Client\(\)\.\w+", Effect.NETWORK, _QUERY),
    ("clickhouse_connect", r"get_client(?:\(\).*)?", Effect.NETWORK, _DATABASE),
    ("pymongo", r"MongoClient\(\)\..*", Effect.NETWORK, _DATABASE),
    ("redis", r"(?:Redis|StrictRedis|from_url)\(\)\.\w+", Effect.NETWORK, _DATABASE),
    (
        "elasticsearch",
        r"(?:Async)?Elasticsearch\(\)\..*|helpers\.(?:async_)?(?:bulk|reindex)",
        Effect.NETWORK,
        _SERVICE,
    ),
    ("opensearchpy", r"(?:Async)?OpenSearch\(\)\..*|helpers\.(?:async_)?(?:bulk|reindex)", Effect.NETWORK, _SERVICE),
    (
        "neo4j",
        r"(?:Async)?GraphDatabase\.driver\(\)\.(?:execute_query|verify_connectivity|session\(\)\.(?:run|execute_\w+))",
        Effect.NETWORK,
        _QUERY,
    ),
    ("minio", r"Minio\(\)\.\w+", Effect.NETWORK, _SERVICE),
    ("pysftp", r"Connection", Effect.NETWORK, _SERVICE),
    ("pymssql", r"connect(?:\(\).*)?", Effect.NETWORK, _DATABASE),
    ("teradatasql", r"connect(?:\(\).*)?", Effect.NETWORK, _DATABASE),
    ("databricks", r"sql\.connect(?:\(\).*)?", Effect.NETWORK, _DATABASE),
    ("cassandra", r"cluster\.Cluster\(\)\.connect(?:\(\).*)?", Effect.NETWORK, _DATABASE),
    (
        "sqlalchemy",
        r"create_engine\(\)\.(?:connect|begin|execute|raw_connection|scalar)(?:\(\).*)?|.*\(\)"
        r"\.execute",
        Effect.NETWORK,
        _DATABASE,
    ),
    (
        "google",
        # Names of buckets, tables and documents are put together without a request, and so are paths of resources.
        r"cloud\.[\w.]*Client(?:\.\w+)?\(\)\.(?!(?:[\w().]*\.)?(?:dataset|table|bucket|blob|collection|collection_group"
        r"|document|where|order_by|limit|\w+_path)$)\w+.*",
        Effect.NETWORK,
        _SERVICE,
    ),
    ("googleapiclient", r"discovery\.build(?:\(\).*)?", Effect.NETWORK, _SERVICE),
    ("azure", r"[\w.]*Client(?:\.\w+)?\(\)\.\w+.*", Effect.NETWORK, _SERVICE),
    ("kafka", r"Kafka(?:Producer|Consumer|AdminClient)(?:\(\).*)?", Effect.NETWORK, _SERVICE),
    (
        "confluent_kafka",
        r"(?:Producer|Consumer)\(\)\.(?:produce|flush|poll|consume|subscribe)",
        Effect.NETWORK,
        _SERVICE,
    ),
    ("slack_sdk", r"[\w.]*WebClient\(\)\.\w+|[\w.]*WebhookClient\(\)\.\w+", Effect.NETWORK, _SERVICE),
    ("gspread", r"(?:service_account|authorize|oauth)\(\)\..*", Effect.NETWORK, _SERVICE),
    ("pandas", r"read_(?:sql|sql_query|sql_table|gbq)|io\.sql\.read_\w+", Effect.NETWORK, _QUERY),
    ("pandas", r".*\)\.to_(?:sql|gbq)", Effect.NETWORK, "writes to a database"),
    ("pandas", r"read_\w+", Effect.READ, "reads data from a file or an address"),
    ("pandas", r".*\)\.to_(?:csv|parquet|json|excel|pickle|feather|orc|hdf|stata|xml)", Effect.WRITE, "writes a file"),
    ("polars", r"read_database\w*", Effect.NETWORK, _QUERY),
    ("polars", r"read_\w+", Effect.READ, "reads data from a file or an address"),
    ("polars", r".*\)\.write_\w+", Effect.WRITE, "writes a file"),
    ("shutil", r"(?:copy\w*|move|rmtree|make_archive|unpack_archive)", Effect.WRITE, "changes files"),
    ("os", r"(?:remove|unlink|rename|replace|makedirs|mkdir|rmdir|removedirs)", Effect.WRITE, "changes files"),
    ("os", r"(?:listdir|scandir|walk)", Effect.READ, "reads a folder"),
    (
        "pathlib",
        r"(?:Pure)?Path\(\).*\.(?:write_text|write_bytes|unlink|mkdir|rename|touch)",
        Effect.WRITE,
        "changes files",
    ),
    ("pathlib", r"Path\(\).*\.(?:read_text|read_bytes)", Effect.READ, "reads a file"),
    (
        "airflow",
        r"(?:models\.|models\.variable\.|sdk\.|sdk\.definitions\.variable\.)?Variable\.(?:get|set|"
        r"setdefault|delete|update|keys)",
        Effect.NETWORK,
        _METADATA,
    ),
    (
        "airflow",
        r"(?:models\.|models\.connection\.|sdk\.|sdk\.definitions\.connection\.)"
        r"?Connection\.get(?:_connection_from_secrets)?",
        Effect.NETWORK,
        _METADATA,
    ),
    ("airflow", r"[\w.]*Hook(?:\(\))?\.get_connections?", Effect.NETWORK, _METADATA),
    (
        "airflow",
        r"(?:utils\.|settings\.)[\w.]*(?:create_session|Session)\(\)\.(?:query|execute|scalars?|"
        r"commit)(?:\(\).*)?",
        Effect.NETWORK,
        _METADATA,
    ),
    (
        "airflow",
        r"[\w.]*Hook\(\)\.(?!log\b|get_ui|get_uri|get_conn_id)\w+.*",
        Effect.NETWORK,
        "calls a service through a hook",
    ),
)

OPENS: Final = frozenset({"builtins.open", "io.open"})
"""What opens a file, for reading or writing."""


@cache
def _of_package(package: str) -> tuple[tuple[re.Pattern[str], Effect, str], ...]:
    """The rows of one package: few files use more than three."""
    return tuple((re.compile(rest), effect, words) for each, rest, effect, words in _RULES if each == package)


_PACKAGES: Final = frozenset(package for package, *_ in _RULES)
_STANDARD: Final = frozenset(sys.stdlib_module_names) - {"subprocess", "multiprocessing", "ctypes", "runpy", "xmlrpc"}
_SILENT: Final = _STANDARD | {"builtins", "pandas", "numpy", "pendulum", "dateutil", "pytz", "attr", "pydantic"}
"""Packages whose calls, where the table does not name them, touch nothing that matters here."""
_OPENING: Final = frozenset(
    {"builtins.exec", "builtins.eval", "builtins.__import__", "builtins.super", "importlib.import_module"}
)


def name_effect(qualified: str) -> tuple[Effect, str] | None:
    """What calling a qualified name touches, by the table."""
    package, _, rest = qualified.partition(".")
    for pattern, effect, words in _of_package(package) if package in _PACKAGES else ():
        if pattern.fullmatch(rest):
            return effect, words
    return None


def call_effect(module: Module, site: CallSite) -> CallEffect | None:
    """What one call touches; None where that is nothing or unknown."""
    for name in module.qualified(site.node.func):
        if name in OPENS:
            writes = _opens_to_write(module, site)
            effect, words = (Effect.WRITE, "writes a file") if writes else (Effect.READ, "reads a file")
            return CallEffect(name.removeprefix("builtins."), effect, words)
        found = name_effect(name)
        if found is not None and found[0] is not Effect.NETWORK and _is_remote(module, site):
            return CallEffect(name, Effect.NETWORK, _REMOTE)
        if found is not None:
            return CallEffect(name, *found)
    return None


def _is_remote(module: Module, site: CallSite) -> bool:
    """Whether the first argument is an address (``s3://bucket/key``) where a file could be named."""
    given = site.node.args[0] if site.node.args else None
    if isinstance(given, ast.JoinedStr) and given.values:
        given = given.values[0]
    text = getattr(module.value(given), "value", None) if given is not None else None
    return isinstance(text, str) and _ADDRESS.match(text) is not None


def _opens_to_write(module: Module, site: CallSite) -> bool:
    given = site.node.args[1:2] + [keyword.value for keyword in site.node.keywords if keyword.arg == "mode"]
    mode = getattr(module.value(given[0]), "value", "r") if given else "r"
    return isinstance(mode, str) and any(letter in mode for letter in "wax+")


@dataclass(slots=True)
class _Tally:
    effects: set[Effect] = field(default_factory=set)
    bare: set[Effect] = field(default_factory=set)
    opened: bool = False
    raises: bool = False
    seen: set[tuple[int, bool]] = field(default_factory=set)
    reached: dict[str, bool] = field(default_factory=dict)
    """Scopes, with whether some way leads there on which nothing repeats."""


def scope_effects(module: Module, function: Function | None) -> ScopeEffects:
    """What a function's body (None: the module's top level) touches, workspace callees included."""
    tally = _Tally()
    owner = function.module if function is not None else module
    _add(module, owner, function, tally, 0, repeated=False)
    scope = function.name if function is not None else module.prefix
    return ScopeEffects(
        scope,
        frozenset(tally.effects),
        tally.opened,
        tally.raises,
        tuple(tally.reached),
        frozenset(tally.bare),
        frozenset(name for name, once in tally.reached.items() if once),
    )


def _add(asker: Module, owner: Module, function: Function | None, tally: _Tally, depth: int, *, repeated: bool) -> None:
    node = function.node if function is not None else None
    if not repeated and function is not None:
        repeated = asker.ask(owner, partial(may_repeat, owner, function))
    if (id(node), False) in tally.seen or (id(node), repeated) in tally.seen:
        return
    tally.seen.add((id(node), repeated))
    name = function.name if function is not None else owner.prefix
    tally.reached[name] = tally.reached.get(name, False) or not repeated
    if depth > 20:
        tally.opened = True
        return
    asker.ask(owner, lambda: _body(owner, function, tally, depth, repeated))


def _body(module: Module, function: Function | None, tally: _Tally, depth: int, repeated: bool) -> None:
    node = function.node if function is not None else None
    units = module.units_of([node]) if node is not None else module.units
    if node is not None and (not units or parsed_of(node).body[:1] != [node]):
        units = (parsed_of(node),)
    tally.raises = tally.raises or any(runs_in(place) is node for unit in units for place in unit.index.raises)
    for site in own_calls(module, function):
        found = call_effect(module, site)
        if found is not None:
            # A task that runs has the metadata database behind it already; without it there is no attempt to repeat.
            if found.words != _METADATA:
                tally.effects.add(found.effect)
                if not (repeated or is_repeated(site) or _through_adapter(module, found)):
                    tally.bare.add(found.effect)
            continue
        called = module.callables(site.node.func)
        for callee in called:
            _add(module, callee.module, callee, tally, depth + 1, repeated=repeated or is_repeated(site))
        if not called:
            names = module.qualified(site.node.func)
            tally.opened = tally.opened or not names or not all(map(_is_silent, names))


_SESSIONS: Final = ("requests.Session()", "requests.sessions.Session()", "requests.session()")


def _through_adapter(module: Module, found: CallEffect) -> bool:
    """Whether a request goes through a session of a file that gives sessions adapters, which may repeat it."""
    return found.what.startswith(_SESSIONS) and any(
        name.startswith(("urllib3.util", "requests.packages.urllib3", "requests_ratelimiter", "requests_cache"))
        or name == "urllib3"
        for name in module.imports()
    )


def _is_silent(name: str) -> bool:
    return name.partition(".")[0] in _SILENT and name not in _OPENING
