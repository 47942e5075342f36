"""A password, key or token is written into the code."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import Rewrite
from pipesense.model.secrets import SecretLiteral
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="security/secret-literal",
    wants=SecretLiteral,
    pattern="secrets",
    since="0.1",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC, FileRole.MODEL}),
    messages={
        "literal": Message(
            Severity.WARNING,
            "{what} is written into the code.",
            "Whoever can read the repository, now or at any time in its history, can use it.",
            "Read it from a connection, a secrets backend or the environment, and replace it where it is valid.",
        ),
    },
)


@rule(META)
def secret_literal(secret: SecretLiteral, ctx: Context) -> Iterator[Finding]:
    """At the secret, which no message repeats."""
    named = secret.kind == "a literal"
    what = f"The value of {secret.name}" if named else secret.kind[:1].upper() + secret.kind[1:]
    yield ctx.finding("literal", at=secret.loc, what=what)


@secret_literal.fix
def read_environment(finding: Finding, secret: SecretLiteral, ctx: Context) -> Offer | None:
    """The environment in its place."""
    if not secret.edits:
        return None
    change = Rewrite(secret.edits, (("environ", "os"),))
    return Offer(f"Read it from the environment ({secret.variable})", change, Applicability.UNSAFE)
