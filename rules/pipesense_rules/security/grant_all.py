"""A GRANT gives every privilege, or gives something to everybody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.sql import Script
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.regex import regex

_LEAST: Final = "Name the privileges that the work needs: SELECT to read, INSERT and UPDATE to load."

META = RuleMeta(
    id="security/grant-all",
    wants=Script,
    pattern="least-privilege",
    since="0.1",
    roles=PRODUCTION | {FileRole.MIGRATION},
    messages={
        "all": Message(
            Severity.WARNING,
            "{privileges} gives {who} more than reading and loading need.",
            "It holds DELETE, TRUNCATE and, on many engines, DROP and whatever privilege a later version adds.",
            _LEAST,
        ),
        "schema": Message(
            Severity.INFO,
            "{privileges} lets {who} make tables in the schema, beside finding those that are there.",
            "On a schema it holds USAGE and CREATE: loading into tables that exist and reading them need USAGE alone.",
            "GRANT USAGE ON SCHEMA, and the privileges on its tables by name.",
        ),
        "public": Message(
            Severity.WARNING,
            "PUBLIC is every account of the database, those that are made later too.",
            "Whoever gets an account for anything else gets {privileges} with it, and no list of grants shows it.",
            "Grant to a role, and give the role to those who need it.",
        ),
    },
)

_OWNERS: Final = regex(r"(?:^|[^a-z])(?:admin\w*|owner\w*|dba\w*|root|postgres|sysadmin|superuser\w*)(?:[^a-z]|$)")
_USAGE_AND_CREATE: Final = frozenset({"postgres", "redshift"})
"""Where ALL on a schema is no more than that
(https://www.postgresql.org/docs/17/ddl-priv.html, https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html)."""
_HARMLESS: Final = frozenset({"USAGE", "EXECUTE", "CONNECT", "TEMPORARY", "TEMP", "REFERENCES"})


@rule(META)
def grant_all(script: Script, ctx: Context) -> Iterator[Finding]:
    """At the words ALL [PRIVILEGES], or at PUBLIC."""
    owners = _given_ownership(script)
    for statement in script.having("grant"):
        grant = statement.facts.grant
        if grant is None or grant.verb != "grant" or not grant.privileges:
            continue
        privileges = ", ".join(grant.privileges)
        names = [one.name for one in grant.principals if not _owns(one.name, owners)]
        if grant.everything and grant.objects:
            names = [name for name in names if not all(ctx.owns(name, each) for each in grant.objects)]
        if grant.everything and names and not _holds_little(grant.kind, script.dialect):
            at = statement.at(grant.privileges_span)
            limited = grant.kind == "schema" and script.dialect in _USAGE_AND_CREATE
            yield ctx.finding("schema" if limited else "all", at=at, privileges=privileges, who=" and ".join(names))
        public = next((one for one in grant.principals if not one.kind and one.name.upper() == "PUBLIC"), None)
        if public is not None and not set(grant.privileges) <= _HARMLESS:
            yield ctx.finding("public", at=statement.at(public.span), privileges=privileges)


def _holds_little(kind: str, dialect: str) -> bool:
    """Whether ALL holds nothing that changes rows: what a sequence has, and a database of PostgreSQL."""
    words = kind.split()
    return "sequence" in words or "sequences" in words or (kind == "database" and dialect in ("", *_USAGE_AND_CREATE))


def _owns(name: str, owners: frozenset[str]) -> bool:
    """Whether a role owns or administers things, by its name or by the script; a masked name may."""
    folded = name.casefold()
    return "{" in name or folded in owners or _OWNERS.search(folded) is not None


def _given_ownership(script: Script) -> frozenset[str]:
    grants = [statement.facts.grant for statement in script.having("grant")]
    return frozenset(
        one.name.casefold() for grant in grants if grant and "OWNERSHIP" in grant.privileges for one in grant.principals
    )
