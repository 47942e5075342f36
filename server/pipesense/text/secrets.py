"""Passwords, keys and tokens in the text of source files: where they stand, and the text without them.

Only what has the shape of a real one counts. Placeholders, templates, names of secrets and accounts of the own machine
do not. Whatever is shown to people goes through ``masked``, so that no output holds what a finding is about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain
from typing import Final

from pipesense.text.regex import regex
from pipesense.text.span import Span
from pipesense.text.vocabulary import may_hold, vocabulary


@dataclass(frozen=True, slots=True)
class Secret:
    """``span`` holds the secret itself and nothing else; ``kind`` says what it is; ``name`` is what it is called."""

    span: Span
    kind: str
    name: str = ""


_TOKENS: Final = (
    ("an access key of AWS", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a token of GitHub", r"\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{22,}"),
    ("a token of GitLab", r"\bglpat-[A-Za-z0-9_-]{20,}"),
    ("a token of Slack", r"\bxox[baprs]-[0-9A-Za-z-]{12,}"),
    ("a webhook of Slack", r"(?<=hooks\.slack\.com/services/)T[A-Z0-9]{7,}/B[A-Z0-9]{7,}/[A-Za-z0-9]{16,}"),
    ("a live key of Stripe", r"\b[sr]k_live_[0-9a-zA-Z]{16,}"),
    ("an API key of Google", r"\bAIza[0-9A-Za-z_-]{35}\b"),
    ("a token of Databricks", r"\bdapi[0-9a-f]{32}\b"),
    ("a key of SendGrid", r"\bSG\.[\w-]{16,}\.[\w-]{16,}"),
    ("a token behind Bearer", r"(?<=Bearer )(?=[\w.~+/-]*\d)(?=[\w.~+/-]*[A-Za-z])[\w.~+/-]{24,}"),
    ("a key of Azure", r"(?:(?<=SharedAccessKey=)|(?<=AccountKey=))[A-Za-z0-9+/]{32,}={0,2}"),
    ("a signed token", r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}"),
    ("a private key", r"(?<=PRIVATE KEY-----)[\sA-Za-z0-9+/=\\]{40,}"),
)
_URL: Final = r"\b[a-z][a-z0-9+]*://(?P<user>[^\s:/@'\"{}<>$]*):(?P<password>[^\s/@'\"]+)@(?P<host>[^\s:/'\"?,]*)"
_NAMED: Final = (
    r"(?i:(?P<name>(?:password|passwd|pwd|secret|api_?key|access_?key|auth_?token|access_?token|private_?key)\b)"
    r"[\"']?\s*(?:\]\s*)?(?::\s*str\s*)?[:=]\s*(?:[rbuRBU]?)(?P<quote>[\"'])(?P<value>[^\"'\n]{6,})(?P=quote))"
)
"""Only the last word of a name is looked for: a pattern that starts with any letter is tried at every one."""
_PAIR: Final = (
    r"(?:host|hostaddr|port|server|data source|dbname|database|initial catalog|user|username|user id|uid"
    r"|sslmode|driver)"
)
_PAIRS: Final = (
    rf"(?i:\b{_PAIR}=[^\s,;&\"'()]+(?:;\s*|&| +)(?:password|pwd)=(?P<last>[^\s;&\"'(){{}}<>%$\\]{{8,}})"
    r"(?=[\s;&\"'\\]|\Z))"
    rf"|(?i:(?<=[\"'?;&])(?:password|pwd)=(?P<first>[^\s;&\"'(){{}}<>%$\\]{{8,}})(?:;\s*|&| +){_PAIR}=)"
)
"""A password among the pairs of a connection string: libpq's (blanks between them), ODBC's (semicolons) and JDBC's.

https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING,
https://learn.microsoft.com/sql/odbc/reference/syntax/sqldriverconnect-function
"""
_SIGNS: Final = (
    ("akia", "asia"),
    ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
    ("glpat-",),
    ("xox",),
    ("hooks.slack.com",),
    ("_live_",),
    ("aiza",),
    ("dapi",),
    ("sg.",),
    ("bearer ",),
    ("sharedaccesskey=", "accountkey="),
    ("eyj",),
    ("private key",),
)
"""For each of the tokens what stands in the small letters of every text that holds one."""
_NAMES: Final = (
    *("passw", "pwd", "secret", "api_key", "apikey", "access_key", "accesskey", "private_key", "privatekey"),
    *("auth_token", "authtoken", "access_token", "accesstoken"),
)
"""One of these stands in the small letters of every text in which something is called a secret."""
_TOKEN: Final = "|".join(f"(?P<t{number}>{shape})" for number, (_, shape) in enumerate(_TOKENS))
_PLACEHOLDER: Final = (
    r"(?i)^(?:x+|\*+|\.+|-+|changeme|change_me|change-me|password\d*|passwd|pass|pwd|secret|my[-_]?secret|token|example|test\w*"
    r"|dummy|fake|none|null|todo|tbd|redacted|hidden|masked|pw|mypassword|your.*|my_?pass\w*|some.*|insert.*|foo\w*|bar"
    r"|user\w*|admin|root|postgres|airflow|mysql|guest|tiger|letmein|\w*placeholder\w*|replace.*)$"
)
_TEMPLATE: Final = regex(r"[{}<>$%]|\*\*\*|\.\.\.|EXAMPLE")
_OWN_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "0.0.0.0", "::1", "host.docker.internal"})
_NAME_LIKE: Final = regex(
    r"[A-Za-z]+(?:[-_./: ][A-Za-z]*\d{0,2})*|[A-Z][A-Z0-9_]*"
    r"|[A-Z0-9_]+_(?:PASSWORD|PASSWD|PASS|PWD|SECRET|TOKEN|KEY)|(?:projects|arn|vault|s3|gs|ssm|op):?/.*"
)
"""What a secret is called somewhere else: words, a variable of the environment, a path in a vault."""
_TAKES_APART: Final = regex(r"\[\^|\\[wdsSWD]|\(\?")
"""What a pattern that takes addresses apart has in the place of a user or a password."""


@cache
def _pattern(text: str) -> re.Pattern[str]:
    """Compiled when a text first looks as if it held a secret; most never do."""
    return re.compile(text)


@cache
def _shapes(tokens: tuple[int, ...], url: bool, pairs: bool, named: bool) -> re.Pattern[str]:
    """A pattern for those secrets alone of which a text shows signs: each further one is tried at every letter."""
    shapes = [f"(?P<t{number}>{_TOKENS[number][1]})" for number in tokens]
    rest = ((_URL, url), (_PAIRS, pairs), (_NAMED, named))
    return re.compile("|".join([*shapes, *(shape for shape, wanted in rest if wanted)]))


def find_secrets(text: str) -> Iterator[Secret]:
    """The secrets in a text, in their order."""
    small = text.lower()
    holds = small.__contains__
    named = any(map(holds, _NAMES)) and ("'" in small or '"' in small)
    tokens = tuple([number for number, signs in enumerate(_SIGNS) if any(map(holds, signs))])
    url = "@" in small and "://" in small
    pairs = "password=" in small or "pwd=" in small
    if not (named or tokens or url or pairs):
        return
    behind = 0
    for match in _shapes(tokens, url, pairs, named).finditer(text):
        kind = match.lastgroup or ""
        if kind == "host":
            if _is_password(match["password"], match["user"], match["host"]):
                yield Secret(Span(*match.span("password")), "a password in an address")
        elif kind in ("first", "last"):
            if _is_key(match[kind]) and not _at_home(text, match):
                yield Secret(Span(*match.span(kind)), "a password in a connection string")
        elif kind == "value":
            yield from _named(match, _before(text, behind, match.start()) + match["name"])
        elif not _TEMPLATE.search(match.group()):
            yield Secret(Span(*match.span(kind)), _TOKENS[int(kind[1:])][0])
        behind = match.end()


def shows_secrets(text: str) -> Iterator[int]:
    """Offsets at which a text shows signs of secrets: a stretch of whole lines that holds none of them holds no secret.

    Far cheaper for one long text than ``find_secrets`` for each of its parts.
    """
    words = vocabulary(text).lower()
    wanted = ("://",) if "@" in words else ()
    signs = [sign for sign in (*_NAMES, *chain.from_iterable(_SIGNS), *wanted) if may_hold(words, sign)]
    if not signs:
        return
    small = text.lower()
    if len(small) != len(text):
        # Some capital letters of other scripts have two small ones: places in one text are not those in the other.
        yield from range(len(text))
        return
    for sign in signs:
        at = small.find(sign)
        while at >= 0:
            yield at
            at = small.find(sign, at + 1)


def _before(text: str, start: int, end: int) -> str:
    """What stands of a name in front of its last word."""
    at = end
    while at > start and (text[at - 1].isalnum() or text[at - 1] in "_-"):
        at -= 1
    return text[at:end].lstrip("-")


def _named(match: re.Match[str], name: str) -> Iterator[Secret]:
    """The secret in a value that a name calls one."""
    value = match["value"]
    token = _pattern(_TOKEN).search(value)
    if token is not None and not _TEMPLATE.search(token.group()):
        number = int((token.lastgroup or "t0")[1:])
        yield Secret(Span(*token.span()).shift(match.start("value")), _TOKENS[number][0], name)
    elif _is_key(value):
        yield Secret(Span(*match.span("value")), "a literal", name)


@lru_cache(maxsize=4_000)
def masked(text: str) -> str:
    """The text with three stars in the place of each secret."""
    parts: list[str] = []
    at = 0
    for secret in find_secrets(text):
        if secret.span.start >= at:
            parts += [text[at : secret.span.start], "***"]
            at = secret.span.end
    return "".join([*parts, text[at:]]) if parts else text


def masked_at(text: str, span: Span) -> str:
    """A stretch of a text, masked as the lines around it tell."""
    start = text.rfind("\n", 0, span.start) + 1
    end = text.find("\n", span.end)
    return _masked_in(text[start : end if end >= 0 else len(text)], span.shift(-start))


@lru_cache(maxsize=4_000)
def _masked_in(lines: str, shown: Span) -> str:
    parts: list[str] = []
    at = shown.start
    for secret in find_secrets(lines):
        low, high = max(secret.span.start, at), min(secret.span.end, shown.end)
        if low < high:
            parts += [lines[at:low], "***"]
            at = high
    return "".join([*parts, lines[at : shown.end]])


def _at_home(text: str, match: re.Match[str]) -> bool:
    """Whether the connection string around a match leads to the own machine."""
    before = text[max(match.start() - _LONGEST, 0) : match.start()].replace("'", '"').rpartition('"')[2]
    behind = text[match.end() : match.end() + _LONGEST].replace("'", '"').partition('"')[0]
    found = _pattern(_LEADS).search(f"{before}{match.group()}{behind}")
    return found is not None and found["host"].lower() in _OWN_MACHINE


_LONGEST: Final = 400
"""Characters of a connection string in front of its password, and behind it."""
_LEADS: Final = r"(?i:(?:\b(?:host|hostaddr|server|data source)=(?:tcp:)?|//)(?P<host>[^\s:/'\";,&?\\]+))"


def _is_password(password: str, user: str, host: str) -> bool:
    if _TEMPLATE.search(password + user + host) or _pattern(_PLACEHOLDER).match(password):
        return False
    if _TAKES_APART.search(f"{user}:{password}"):
        return False
    return bool(user) and password.lower() != user.lower() and host.lower() not in _OWN_MACHINE and bool(host)


def _is_key(value: str) -> bool:
    """Whether a value looks made up by a machine or by somebody who was asked for a password, not like a name."""
    if _TEMPLATE.search(value) or _pattern(_PLACEHOLDER).match(value) or _NAME_LIKE.fullmatch(value) or " " in value:
        return False
    if "://" in value or value.startswith(("/", "./", "~")):
        return False
    kinds = [any(test(each) for each in value) for test in (str.islower, str.isupper, str.isdigit, _is_sign)]
    return len(value) >= 8 and sum(kinds) >= 2 and (kinds[2] or kinds[3]) and len(set(value)) > 5


def _is_sign(letter: str) -> bool:
    return not letter.isalnum() and letter not in "_-./:"
