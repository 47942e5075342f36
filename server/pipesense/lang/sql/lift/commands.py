"""Statements that the parser keeps as plain text: VACUUM, OPTIMIZE, CALL, EXECUTE IMMEDIATE, CREATE TASK ..."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from sqlglot import Dialect, exp
from sqlglot.errors import ErrorLevel, SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from pipesense.lang.sql.lift.alter import alter_by_words
from pipesense.lang.sql.lift.cursor import Cursor
from pipesense.lang.sql.lift.grants import read_grant, read_settings, read_transaction
from pipesense.lang.sql.lift.heads import read_create, read_drop
from pipesense.lang.sql.lift.queries import Queries
from pipesense.lang.sql.tokens import Layout
from pipesense.model.sql import Alter, Argument, Clause, Command, Create, Drop, Expr, Grant, Hole, Setting, TableDef
from pipesense.text.span import Span

_NAMING: Final = frozenset({TokenType.FARROW, TokenType.COLON_EQ, TokenType.EQ})
_STRINGS: Final = frozenset(
    {TokenType.STRING, TokenType.NATIONAL_STRING, TokenType.RAW_STRING, TokenType.HEREDOC_STRING}
)
_DYNAMIC_CALLS: Final = ("FORMAT", "CONCAT", "CONCAT_WS", "QUOTE_IDENT")
_WHOLE: Final = ("vacuum", "optimize", "execute immediate")
_VACUUM_WORDS: Final = (
    "FULL",
    "FREEZE",
    "VERBOSE",
    "ANALYZE",
    "LITE",
    "REINDEX",
    "RECLUSTER",
    "SORT ONLY",
    "DELETE ONLY",
)


class Commanded(NamedTuple):
    """What a statement says by its words; the names are those of ``StatementFacts``."""

    table: TableDef | None = None
    create: Create | None = None
    drop: Drop | None = None
    alter: Alter | None = None
    grant: Grant | None = None
    settings: tuple[Setting, ...] = ()
    transaction: str = ""
    command: Command | None = None

    @property
    def judged(self) -> bool:
        """Whether nothing of the statement is left to be read."""
        command = self.command
        known = command is not None and (command.verb in _WHOLE or command.target[-1:] == ("rewrite_data_files",))
        known = known or (self.alter is not None and self.alter.actions[0].what not in ("other", "add constraint"))
        return known or bool(self.drop or self.grant or self.settings or self.transaction)


_NOTHING: Final = Commanded()


def read_words(language: Dialect, tokens: list[Token], text: str, holes: tuple[Hole, ...], dialect: str) -> Commanded:
    """What a statement says that the parser gives no tree for; ``text`` is masked."""
    if len(tokens) == 2 and tokens[1].token_type is TokenType.STRING:
        # The tokenizer takes all that follows some words as one string, whose place is not to be trusted.
        verb = tokens[0]
        rest = " " * (verb.end + 1) + text[verb.end + 1 :]
        try:
            tokens = [verb, *(one for one in language.tokenize(rest) if one.token_type is not TokenType.SEMICOLON)]
        except SqlglotError:
            return _NOTHING
    lift = Queries(text, Layout(tokens), holes, dialect)
    return by_words(lift, language)


def by_words(lift: Queries, language: Dialect, tree: exp.Expr | None = None) -> Commanded:
    """The same for tokens that are laid out already; ``tree`` where there is one."""
    tokens = lift.layout.tokens
    first = tokens[0].text.upper().split()[0] if tokens and tokens[0].text.strip() else ""
    if first == "CREATE":
        create = read_create(lift, tree)
        named = create is not None and create.kind in ("task", "stream")
        command = _created(lift, language, create) if create is not None and named else None
        return Commanded(create=create, command=command)
    if first == "DROP":
        return Commanded(drop=read_drop(lift))
    if first == "ALTER":
        return _altered(lift, language, tree)
    if first in ("GRANT", "REVOKE", "DENY"):
        return Commanded(grant=read_grant(lift))
    if first == "SET":
        return Commanded(settings=read_settings(lift))
    if first in _TRANSACTIONS:
        return Commanded(transaction=read_transaction(lift))
    reader = _READERS.get(first)
    return Commanded(command=reader(lift, language)) if reader is not None else _NOTHING


def _altered(lift: Queries, language: Dialect, tree: exp.Expr | None) -> Commanded:
    settings = read_settings(lift)
    if settings:
        return Commanded(settings=settings)
    if isinstance(tree, exp.Alter):
        return _NOTHING
    head = Cursor(lift)
    if head.take("ALTER TABLE"):
        target, place = head.path()
        if head.take("EXECUTE") and head.word() == "OPTIMIZE":
            head.at += 1
            if head.kind() is TokenType.L_PAREN:
                head.skip()
            return Commanded(command=_command(lift, "optimize", target, place, _optimized(lift, language, head)))
    alter, table = alter_by_words(lift)
    return Commanded(alter=alter, table=table)


def _command(
    lift: Queries,
    verb: str,
    target: tuple[str, ...],
    place: Span | None,
    arguments: list[Argument],
    dynamic: Expr | None = None,
) -> Command:
    whole = lift.token_span(0, len(lift.layout.tokens) - 1)
    return Command(verb, target, place, tuple(arguments), dynamic, whole)


def _expression(lift: Queries, language: Dialect, first: int, stop: int) -> Expr | None:
    """The expression that some tokens are, None where they are none."""
    tokens = lift.layout.tokens[first:stop]
    if not tokens:
        return None
    lift.pos = tokens[0].start
    try:
        trees = language.parser(error_level=ErrorLevel.IMMEDIATE).parse(tokens, lift.text)
    except (SqlglotError, ValueError, TypeError, AttributeError, IndexError, KeyError):
        # Compiled and plain sqlglot fail in different ways on what is no expression.
        return None
    tree = trees[0] if len(trees) == 1 else None
    if tree is None or isinstance(tree, exp.Command):
        return None
    lift.pos = tokens[0].start
    return lift.lift(tree, Clause.OTHER)


def _arguments(lift: Queries, language: Dialect, first: int, stop: int) -> list[Argument]:
    """A list of arguments, each by position or as ``name => value``, ``@name = value``."""
    found: list[Argument] = []
    for start, end in Cursor(lift, first).pieces(stop):
        sign = next((at for at in range(start + 1, min(start + 3, end)) if lift.kind_of(at) in _NAMING), None)
        name = ""
        value = start
        if sign is not None and sign + 1 < end:
            name, value = Cursor(lift).text(start, sign).lower().lstrip("@"), sign + 1
        found.append(Argument(name, _expression(lift, language, value, end), lift.token_span(start, end - 1)))
    return found


def _vacuum(lift: Queries, language: Dialect) -> Command:
    head = Cursor(lift, 1)
    found: list[Argument] = []
    if head.kind() is TokenType.L_PAREN:
        closing = lift.layout.match.get(head.at, len(head.tokens))
        for first, stop in Cursor(lift, head.at + 1).pieces(closing):
            found.append(Argument(head.text(first, stop).lower(), None, lift.token_span(first, stop - 1)))
        head.at = closing + 1
    _flags(lift, head, found)
    target, place = head.path()
    _flags(lift, head, found)
    while not head.done():
        start = head.at
        if head.take("RETAIN"):
            value = _expression(lift, language, head.at, head.at + 1)
            head.at += 1
            head.take("HOURS")
            found.append(Argument("retain", value, lift.token_span(start, min(head.at, len(head.tokens)) - 1)))
        elif head.take("DRY RUN"):
            found.append(Argument("dry run", None, lift.token_span(start, head.at - 1)))
        else:
            head.at += 1
    return _command(lift, "vacuum", target, place, found)


def _flags(lift: Queries, head: Cursor, found: list[Argument]) -> None:
    while True:
        start = head.at
        flag = next((words for words in _VACUUM_WORDS if head.take(words)), "")
        if not flag:
            return
        found.append(Argument(flag.lower(), None, lift.token_span(start, head.at - 1)))


def _optimize(lift: Queries, language: Dialect) -> Command:
    head = Cursor(lift, 1)
    head.take("TABLE")
    target, place = head.path()
    return _command(lift, "optimize", target, place, _optimized(lift, language, head))


def _optimized(lift: Queries, language: Dialect, head: Cursor) -> list[Argument]:
    found: list[Argument] = []
    while not head.done():
        start = head.at
        if head.take("WHERE"):
            stop = head.until("ZORDER")
            found.append(
                Argument("where", _expression(lift, language, head.at, stop), lift.token_span(start, stop - 1))
            )
            head.at = stop
        elif head.take("ZORDER BY"):
            stop = len(head.tokens)
            opening = head.kind() is TokenType.L_PAREN
            listed = Cursor(lift, head.at + 1 if opening else head.at)
            for first, last in listed.pieces(lift.layout.match.get(head.at, stop) if opening else stop):
                column = _expression(lift, language, first, last)
                found.append(Argument("zorder by", column, lift.token_span(first, last - 1)))
            head.at = stop
        elif head.take("PARTITION"):
            stop = head.until("FINAL", "DEDUPLICATE")
            value = _expression(lift, language, head.at, stop)
            found.append(Argument("partition", value, lift.token_span(start, stop - 1)))
            head.at = stop
        elif head.take("FINAL") or head.take("FULL"):
            word = head.word(-1).lower()
            found.append(Argument(word, None, lift.token_span(start)))
        else:
            head.skip()
    return found


def _call(lift: Queries, language: Dialect) -> Command:
    return _called(lift, language, Cursor(lift, 1), "call")


def _called(lift: Queries, language: Dialect, head: Cursor, verb: str) -> Command:
    """A procedure and its arguments, in brackets or not."""
    target, place = head.path()
    first, stop = head.at, len(head.tokens)
    if head.kind() is TokenType.L_PAREN:
        first, stop = head.at + 1, lift.layout.match.get(head.at, stop)
    return _command(lift, verb, target, place, _arguments(lift, language, first, stop))


def _execute(lift: Queries, language: Dialect) -> Command:
    head = Cursor(lift, 1)
    if head.take("IMMEDIATE"):
        if head.word() == "FROM":
            return _command(lift, "execute immediate", (), None, [])
        return _dynamic(lift, language, head, head.until("INTO", "USING", "BULK"))
    if head.take("TASK"):
        target, place = head.path()
        return _command(lift, "execute task", target, place, [])
    if head.kind() is TokenType.L_PAREN:
        closing = lift.layout.match.get(head.at, len(head.tokens))
        head.at += 1
        return _dynamic(lift, language, head, closing)
    if head.kind() in _STRINGS or (head.word() in _DYNAMIC_CALLS and head.kind(1) is TokenType.L_PAREN):
        return _dynamic(lift, language, head, head.until("INTO", "USING"))
    if lift.dialect in ("tsql", "fabric") or lift.layout.tokens[0].text.upper() == "EXEC":
        return _procedure(lift, language, head)
    return _called(lift, language, head, "execute")


def _procedure(lift: Queries, language: Dialect, head: Cursor) -> Command:
    """T-SQL's EXEC of a procedure; sp_executesql runs its first argument."""
    if head.kind() is TokenType.PARAMETER and lift.kind_of(head.at + 2) is TokenType.EQ:
        head.at += 3
    called = _called(lift, language, head, "call")
    if not called.target or called.target[-1].lower() != "sp_executesql" or not called.arguments:
        return called
    first, *others = called.arguments
    return _command(lift, "execute immediate", called.target, called.target_span, others, first.value)


def _dynamic(lift: Queries, language: Dialect, head: Cursor, stop: int) -> Command:
    """The text that is run, then what INTO and USING say."""
    text = _expression(lift, language, head.at, stop)
    head.at = stop
    found: list[Argument] = []
    while not head.done():
        word = head.word()
        head.at += 1
        if word in ("INTO", "USING"):
            end = head.until("INTO", "USING")
            for one in _arguments(lift, language, head.at, end):
                found.append(Argument(word.lower(), one.value, one.span))
            head.at = end
    return _command(lift, "execute immediate", (), None, found, text)


def _prepare(lift: Queries, language: Dialect) -> Command | None:
    """MySQL's and Trino's PREPARE name FROM text; others hold the statement itself."""
    head = Cursor(lift, 1)
    target, place = head.path()
    if not head.take("FROM") or (head.kind() not in _STRINGS and head.kind() is not TokenType.PARAMETER):
        return None
    text = _expression(lift, language, head.at, len(head.tokens))
    return _command(lift, "execute immediate", target, place, [], text)


def _msck(lift: Queries, _: Dialect) -> Command:
    head = Cursor(lift)
    head.take("MSCK REPAIR")
    head.take("TABLE")
    target, place = head.path()
    return _command(lift, "msck repair", target, place, [])


def _refresh(lift: Queries, _: Dialect) -> Command:
    head = Cursor(lift, 1)
    kind = next(
        (words for words in ("MATERIALIZED VIEW", "DYNAMIC TABLE", "TABLE", "FUNCTION") if head.take(words)), ""
    )
    head.take("CONCURRENTLY")
    target, place = head.path()
    given = [Argument(kind.lower(), None, lift.token_span(1, 1))] if kind else []
    return _command(lift, "refresh", target, place, given)


def _created(lift: Queries, language: Dialect, create: Create) -> Command:
    """Options of CREATE TASK and CREATE STREAM."""
    head = Cursor(
        lift, lift.index_behind(create.name_span.end) if create.name_span is not None else len(lift.layout.tokens)
    )
    found: list[Argument] = []
    stop = head.until("AS") if create.kind == "task" else len(head.tokens)
    while head.at < stop:
        start = head.at
        word = head.word()
        if head.take("AFTER") or head.take("WHEN"):
            end = min(head.until("AS", "WHEN"), stop)
            found.append(
                Argument(word.lower(), _expression(lift, language, head.at, end), lift.token_span(start, end - 1))
            )
            head.at = end
        elif head.take("ON"):
            kind = head.word()
            head.at += 1
            parts, place = head.path()
            if place is not None:
                named = Expr("column", (), place, parts[-1], Clause.OTHER, frozenset(), parts)
                found.append(Argument(f"on {kind.lower()}", named, lift.token_span(start, head.at - 1)))
        elif head.kind(1) is TokenType.EQ and word:
            value = _expression(lift, language, head.at + 2, head.at + 3)
            found.append(Argument(word.lower(), value, lift.token_span(start, min(head.at + 2, stop - 1))))
            head.at += 3
        else:
            head.skip()
    return _command(lift, f"create {create.kind}", create.parts, create.name_span, found)


_TRANSACTIONS: Final = frozenset({"BEGIN", "START", "END", "COMMIT", "SAVEPOINT", "SAVE", "ROLLBACK", "ABORT"})
_READERS: Final[dict[str, Callable[[Queries, Dialect], Command | None]]] = {
    "VACUUM": _vacuum,
    "OPTIMIZE": _optimize,
    "CALL": _call,
    "EXECUTE": _execute,
    "EXEC": _execute,
    "PREPARE": _prepare,
    "MSCK": _msck,
    "REFRESH": _refresh,
}
