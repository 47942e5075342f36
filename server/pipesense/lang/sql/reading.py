"""From masked text to facts, through sqlglot, and into plain words where that fails."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from difflib import get_close_matches
from typing import Final

from sqlglot import Dialect, Dialects, exp, tokenizer_core
from sqlglot.errors import ErrorLevel, ParseError, SqlglotError, TokenError
from sqlglot.tokenizer_core import Token, TokenType

from pipesense.lang.sql.arrays import left_as_tables
from pipesense.lang.sql.dialect import retries
from pipesense.lang.sql.hidden import NOTHING_HIDDEN, Reshaped
from pipesense.lang.sql.joins import with_conditions, with_from
from pipesense.lang.sql.lexical import content_start
from pipesense.lang.sql.lift.sources import FromTwice
from pipesense.lang.sql.lift.statement import lift_statement
from pipesense.lang.sql.lift.words import ACCEPTED, COMMANDS, OBJECTS, PROCEDURAL, UTILITIES
from pipesense.lang.sql.recognised import content, fragment, is_fragment, known_by_word, unparsed
from pipesense.lang.sql.repair import blank, with_more, with_queries, without_hole, without_stray
from pipesense.lang.sql.retokenise import Retokeniser
from pipesense.lang.sql.tokens import DEPTH_LIMIT, TYPE_LIMIT, may_nest, nesting
from pipesense.model.sql import Hole, StatementFacts
from pipesense.text.regex import regex
from pipesense.text.span import Span

# sqlglot warns on its logger about every statement it keeps as plain text; that is judged here instead.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)

_IS_PLAIN: Final = (tokenizer_core.__file__ or "").endswith(".py")
_REPLACE: Final = regex(r"(REPLACE)\s+INTO\b", re.IGNORECASE)
_REPAIRS: Final = 12
_CALLS: Final = 10_000
_FRAMES_OFF_STACK: Final = 0x030B0000
_WORDS: Final = regex(r"[A-Za-z_]+")
_NO_BACKTICKS: Final = "Backticks are no quotes in this dialect."


class Unreadable(Exception):
    """A statement cannot be read; the message is a sentence for people."""

    def __init__(self, sentence: str, span: Span) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.span = span


@contextmanager
def _deep_stack() -> Iterator[None]:
    """Room for as many calls as a statement of the deepest nesting takes; sqlglot takes up to 25 for a level.

    Before Python 3.11 every call takes room on the thread's own stack, which may be small: the limit stays there.
    """
    limit = sys.getrecursionlimit()
    if sys.hexversion < _FRAMES_OFF_STACK or limit >= _CALLS:
        yield
        return
    sys.setrecursionlimit(_CALLS)
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def read(
    text: str,
    masked: str,
    holes: tuple[Hole, ...],
    dialect: str,
    hidden: Reshaped = NOTHING_HIDDEN,
    lately: Retokeniser | None = None,
) -> StatementFacts:
    """The facts of one statement; ``masked`` is as long as ``text``, ``hidden`` what a system took out of it.

    ``lately`` knows the tokens of what was read before.
    """
    whole = content(text)
    # The error itself is not kept: it would keep this frame, and the frame it, with all that was parsed.
    why, where = "", whole
    for tried in _dialects(masked, dialect):
        try:
            with _deep_stack():
                return _read_as(masked, holes, tried, hidden, lately)
        except Unreadable as error:
            if why in ("", _NO_BACKTICKS):
                why, where = error.sentence, error.span
        except RecursionError:
            why = why or "This statement nests too deeply to be read: split it into smaller queries."
            break
    return StatementFacts(_kind_of_text(masked), dialect, whole, holes=holes, error=why, error_span=where)


def _dialects(masked: str, dialect: str) -> Iterator[str]:
    """The dialects to read a statement in; more than one only where none was said, and only as long as they fail."""
    yield dialect
    if not dialect:
        yield from retries(masked)


def _kind_of_text(text: str) -> str:
    code = re.sub(r"--[^\n]*|/\*.*?\*/", " ", text, flags=re.DOTALL)
    match = _WORDS.search(code)
    return match[0].lower() if match else ""


def _read_as(
    masked: str, holes: tuple[Hole, ...], dialect: str, hidden: Reshaped, lately: Retokeniser | None
) -> StatementFacts:
    language = _language(dialect, masked)
    replacing = _REPLACE.match(masked, content_start(masked, 0, len(masked)))
    # MySQL's and SQLite's REPLACE INTO is an INSERT that takes rows of the same key away first.
    text = masked if replacing is None else f"{masked[: replacing.start()]}INSERT {masked[replacing.end(1) :]}"
    if "TYPE" in text and _FUNCTION.search(text) is not None:
        # BigQuery's parameter of any type, which the parser does not know: what it is called is all that counts here.
        text = _ANY_TYPE.sub(lambda match: "INT64".ljust(len(match[0])), text)
    with_whole_queries = not holes
    for _ in range(_REPAIRS):
        tokens = _tokenise(language, text, lately)
        known = unparsed(tokens, masked, holes, dialect)
        if known is not None:
            return known
        if _starts_behind_hole(tokens, holes):
            text = blank(text[: tokens[1].start]) + text[tokens[1].start :]
            tokens = tokens[1:]
        if tokens[0].text.upper() == "ASSERT" and tokens[0].end - tokens[0].start == 5:
            # BigQuery's ASSERT is a query in all but name; the word is as long as SELECT.
            tokens = _tokenise(language, text[: tokens[0].start] + "SELECT" + text[tokens[0].end + 1 :])
        try:
            tree = _parse(language, tokens, text)
        except Unreadable as error:
            if _is_utility(tokens):
                return known_by_word(language, tokens, masked, holes, dialect)
            repaired = None if with_whole_queries else with_queries(text, holes, tokens)
            with_whole_queries = True
            repaired = repaired or with_more(text, holes, error.span, tokens)
            repaired = repaired or without_hole(text, holes, error.span, tokens) or without_stray(text, holes, tokens)
            if repaired is None:
                if is_fragment(tokens, holes):
                    return fragment(masked, holes, dialect)
                raise
            text = repaired
            continue
        tokens = _written(tokens)
        if isinstance(tree, exp.Command):
            repaired = None if with_whole_queries else with_queries(text, holes, tokens)
            with_whole_queries = True
            if repaired is not None:
                text = repaired
                continue
            tree, tokens = _column_list(language, tree, tokens, text)
        if _is_read_by_word(tree, tokens, holes):
            return known_by_word(language, tokens, masked, holes, dialect)
        facts = _lifted(tree, tokens, text, holes, dialect, hidden)
        _take_apart(tree)
        return facts if replacing is None else _replacing(facts)
    raise Unreadable("The template tags of this statement leave no readable SQL.", content(masked))


def _lifted(
    tree: exp.Expr, tokens: list[Token], text: str, holes: tuple[Hole, ...], dialect: str, hidden: Reshaped
) -> StatementFacts:
    try:
        return lift_statement(tree, tokens, text, holes, _kind(tree, text, tokens), dialect, hidden)
    except FromTwice as error:
        span = error.span if error.span.end >= 0 else content(text)
        raise Unreadable("Unexpected `FROM`: the statement cannot be read from here on.", span) from None


_FUNCTION: Final = regex(r"\bCREATE\s+(?:OR\s+REPLACE\s+)?(?:TEMP(?:ORARY)?\s+)?(?:AGGREGATE\s+)?FUNCTION\b")
_ANY_TYPE: Final = regex(r"\bANY TYPE\b")
_HOLD_NOTHING: Final = frozenset(
    {str, bool, int, type(None), exp.DType, exp.Identifier, exp.Literal, exp.Null, exp.Boolean, exp.Var}
)
"""What stands in a tree and refers to nothing below it."""


def _take_apart(tree: exp.Expr) -> None:
    """Let go of a tree that nobody needs any more; its nodes know each other and would wait for the collector."""
    waiting = [tree]
    while waiting:
        args = waiting.pop().args
        for value in args.values():
            kind = value.__class__
            if kind is list:
                waiting += [
                    each for each in value if each.__class__ not in _HOLD_NOTHING and isinstance(each, exp.Expr)
                ]
            elif kind is exp.Column:
                value.args.clear()
            elif kind not in _HOLD_NOTHING and isinstance(value, exp.Expr):
                waiting.append(value)
        args.clear()


def _written(tokens: list[Token]) -> list[Token]:
    """The tokens without the mark that Athena's tokenizer puts in front of what Hive's grammar reads."""
    return tokens[1:] if tokens[0].token_type is TokenType.HIVE_TOKEN_STREAM else tokens


def _is_read_by_word(tree: exp.Expr, tokens: list[Token], holes: tuple[Hole, ...]) -> bool:
    """Whether the parser has no tree for the statement; ``START TRANSACTION`` reads like a column with an alias.

    Raises:
        Unreadable: nothing that is known starts so.
    """
    if not isinstance(tree, ACCEPTED) and tokens[0].text.lower() in ("start", "savepoint", "save", "abort"):
        return True
    _judge(tree, tokens, holes)
    return isinstance(tree, (exp.Command, *_PROCEDURES))


def _replacing(facts: StatementFacts) -> StatementFacts:
    """The facts of a REPLACE that was read as an INSERT."""
    if facts.write is None:
        return facts
    keyword = Span(facts.write.keyword.start, facts.write.keyword.start + len("REPLACE"))
    return replace(
        facts, kind="replace", write=replace(facts.write, keyword=keyword, guard="REPLACE INTO", conflict="replace")
    )


def _language(dialect: str, masked: str) -> Dialect:
    try:
        return Dialect.get_or_raise(dialect)
    except ValueError:
        near = get_close_matches(dialect, (known.value for known in Dialects), 1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        sentence = f"`{dialect}` is no SQL dialect that is known here{hint}, so this statement was not checked."
        raise Unreadable(sentence, content(masked)) from None


def _starts_behind_hole(tokens: list[Token], holes: tuple[Hole, ...]) -> bool:
    """Whether a tag stands in front of a whole statement: a header, a hint, a macro call for its effect."""
    if len(tokens) < 2 or (tokens[1].token_type not in _STARTS and tokens[1].text.upper() != "ASSERT"):
        return False
    return any(hole.span.start <= tokens[0].start and tokens[0].end < hole.span.end for hole in holes)


def _is_utility(tokens: list[Token]) -> bool:
    """Whether the statement says nothing of rows or columns, so that it does not matter if it can be read."""
    words = [token.text.lower() for token in tokens[:6]]
    return words[0] in UTILITIES or (
        words[0] in ("create", "alter", "drop") and any(word in OBJECTS for word in words[1:5])
    )


def _column_list(language: Dialect, tree: exp.Expr, tokens: list[Token], text: str) -> tuple[exp.Expr, list[Token]]:
    """CREATE TABLE with options that the parser does not know: the part up to its column list's end."""
    kinds = [token.token_type for token in tokens[:4]]
    if kinds[0] is not TokenType.CREATE or TokenType.TABLE not in kinds:
        return tree, tokens
    depth = 0
    for index, token in enumerate(tokens):
        if token.token_type is TokenType.L_PAREN:
            depth += 1
        elif token.token_type is TokenType.R_PAREN:
            depth -= 1
            if depth == 0:
                try:
                    return _parse(language, tokens[: index + 1], text), tokens[: index + 1]
                except Unreadable:
                    break
    return tree, tokens


def _tokenise(language: Dialect, text: str, lately: Retokeniser | None = None) -> list[Token]:
    try:
        # The compiled tokenizer reads a statement faster than anything of it could be spared. Athena's looks at the
        # first words of a text to choose between two others.
        if lately is not None and _IS_PLAIN and type(language).__name__ != "Athena":
            tokens = lately.tokens(text, type(language).__name__, language.tokenize)
        else:
            tokens = language.tokenize(text)
    except TokenError:
        raise _unclosed(text) from None
    except SqlglotError as error:
        raise Unreadable(f"This statement cannot be read: {error}.", content(text)) from None
    while tokens and tokens[-1].token_type is TokenType.SEMICOLON:
        tokens.pop()
    # A parser that does not quote by backticks would take one for a name.
    tick = next((token for token in tokens if token.text == "`"), None) if "`" in text else None
    if tick is not None:
        raise Unreadable(_NO_BACKTICKS, Span(tick.start, tick.end + 1))
    if may_nest(text):
        depth, types = nesting(tokens)
        too_deep = next(((it, most) for it, most in ((depth, DEPTH_LIMIT), (types, TYPE_LIMIT)) if it > most), None)
        if too_deep is not None:
            sentence = (
                "This statement nests {} levels deep, more than the {} that are read: split it into smaller queries."
            )
            raise Unreadable(sentence.format(*too_deep), content(text))
    return tokens


_QUOTES: Final = regex(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"[^\"]*\"|`[^`]*`|(/\*|['\"`]|\$\w*\$)", re.DOTALL)


def _unclosed(text: str) -> Unreadable:
    for match in _QUOTES.finditer(text):
        if match[1]:
            what = "comment" if match[1] == "/*" else "quote"
            return Unreadable(
                f"The {what} that opens here with {match[1]} is never closed, so the statement cannot be read.",
                Span(match.start(1), match.end(1)),
            )
    return Unreadable("A quote or comment of this statement is not closed.", content(text))


def _parse(language: Dialect, tokens: list[Token], text: str) -> exp.Expr:
    try:
        parser = language.parser(error_level=ErrorLevel.IMMEDIATE)
        with left_as_tables(type(parser)):
            trees = parser.parse(with_conditions(with_from(tokens, language), text), text)
    except ParseError as error:
        raise _explained(error, tokens) from None
    except RecursionError:
        raise
    except (SqlglotError, ValueError, TypeError, AttributeError, IndexError, KeyError) as error:
        # Compiled and plain sqlglot fail in different ways on the same half-typed statement.
        name = type(error).__name__
        raise Unreadable(
            f"The parser failed on this statement ({name}), so it was not checked.",
            Span(tokens[0].start, tokens[-1].end + 1),
        ) from None
    if len(trees) > 1:
        if tokens[0].text.lower() in PROCEDURAL:
            raise _procedural(tokens)
        second = next((i for i, token in enumerate(tokens) if token.token_type is TokenType.SEMICOLON), 0)
        raise Unreadable(
            "Several statements stand where one was expected.", Span(tokens[second].start, tokens[-1].end + 1)
        )
    tree = trees[0] if trees else None
    if tree is None:
        raise Unreadable("There is no statement here.", Span(tokens[0].start, tokens[-1].end + 1))
    return tree


def _procedural(tokens: list[Token]) -> Unreadable:
    return Unreadable(
        f"Procedural SQL ({tokens[0].text.upper()} ...) is not read, so this block was not checked.",
        Span(tokens[0].start, tokens[0].end + 1),
    )


def _explained(error: ParseError, tokens: list[Token]) -> Unreadable:
    if tokens[0].token_type is TokenType.VAR:
        return Unreadable(
            f"`{tokens[0].text[:40]}` starts no statement that is known here.",
            Span(tokens[0].start, tokens[0].end + 1),
        )
    if tokens[0].text.lower() in PROCEDURAL:
        return _procedural(tokens)
    detail = error.errors[0] if error.errors else {}
    line, column = detail.get("line"), detail.get("col")
    token = next((one for one in tokens if one.line == line and one.col == column), tokens[-1])
    said = str(detail.get("description") or "").rstrip(".")
    shown = f"`{token.text[:40]}`"
    is_last = token is tokens[-1]
    if said.startswith("Expecting"):
        wanted = said.removeprefix("Expecting").strip() or "something else"
        place = "at the end of the statement" if is_last else f"near {shown}"
        sentence = f"Expected {wanted} {place}."
    elif "Required" in said or "Expected" in said:
        sentence = f"Something is missing near {shown}: the statement is not complete."
    else:
        sentence = f"Unexpected {shown}: the statement cannot be read from here on."
    return Unreadable(sentence, Span(token.start, token.end + 1))


_STARTS: Final = frozenset(
    {
        *(TokenType.SELECT, TokenType.WITH, TokenType.CREATE, TokenType.INSERT, TokenType.UPDATE),
        *(TokenType.DELETE, TokenType.MERGE, TokenType.DROP, TokenType.ALTER, TokenType.TRUNCATE),
    }
)


_PROCEDURES: Final = (exp.Execute, exp.IfBlock, exp.WhileBlock, exp.LoopBlock, exp.RepeatBlock, exp.Block)
"""Trees of T-SQL's and Fabric's procedural statements."""


def _judge(tree: exp.Expr, tokens: list[Token], holes: tuple[Hole, ...]) -> None:
    """Refuse trees that the parser only reached by taking nonsense for something else.

    Raises:
        Unreadable: the statement starts with no keyword that starts a statement.
    """
    first = tokens[0]
    span = Span(first.start, first.end + 1)
    if isinstance(tree, exp.Command):
        words = [token.text.lower() for token in tokens[:6]]
        leading = words[0].split()[0] if words[0] else ""
        if leading in COMMANDS:
            return
        if leading in ("create", "drop"):
            if any(word in OBJECTS for word in _command_words(tree)[:5]):
                return
            if any(hole.span.start <= token.start < hole.span.end for hole in holes for token in tokens[-1:]):
                return
            raise Unreadable(
                f"This form of {leading.upper()} is not understood, so the statement was not checked.", span
            )
        raise Unreadable(f"`{first.text}` starts no statement that is known here.", span)
    if isinstance(tree, (exp.Insert, exp.Update, exp.Delete, exp.Merge)) and not isinstance(tree.this, exp.Expr):
        raise Unreadable(f"{first.text.upper()} names no table yet.", span)
    if isinstance(tree, (*ACCEPTED, *_PROCEDURES)):
        return
    raise Unreadable(f"`{first.text}` starts no statement that is known here.", span)


def _command_words(tree: exp.Expr) -> list[str]:
    rest = tree.args.get("expression")
    text = rest if isinstance(rest, str) else getattr(rest, "name", "")
    return [word.lower() for word in _WORDS.findall(str(text))[:6]]


_KINDS: Final[tuple[tuple[type, str], ...]] = (
    (exp.Query, "select"),
    (exp.Insert, "insert"),
    (exp.Update, "update"),
    (exp.Delete, "delete"),
    (exp.Merge, "merge"),
)


def _kind(tree: exp.Expr, text: str, tokens: list[Token]) -> str:
    """The statement's verb: the leading keyword, or the one behind WITH."""
    if text[tokens[0].start : tokens[0].end + 1].upper() == "ASSERT":
        return "assert"
    for cls, word in _KINDS:
        if isinstance(tree, cls):
            return word
    return tokens[0].text.lower().split()[0] if tokens[0].text else ""
