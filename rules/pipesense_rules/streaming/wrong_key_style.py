"""A client's setting is spelled as another client spells it."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.broker import StreamClient, UnknownKey
from pipesense.model.change import Replace
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import EVERYWHERE, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.span import Span

META = RuleMeta(
    id="streaming/wrong-key-style",
    wants=StreamClient,
    pattern="delivery-guarantees",
    since="0.2",
    roles=EVERYWHERE - {FileRole.GENERATED},
    messages={
        "unknown": Message(
            Severity.ERROR,
            "{library} knows no setting {key}.",
            "It refuses every setting that it does not know, so the {role} is never made.",
            "Names of {library} are written with {sign}, as in {instead}.",
        ),
    },
)


@rule(META)
def wrong_key_style(client: StreamClient, ctx: Context) -> Iterator[Finding]:
    """At the key."""
    for key in client.unknown_keys:
        yield ctx.finding(
            "unknown",
            at=key.key_loc,
            subject=key,
            library=client.library,
            key=key.key,
            role=client.role.value,
            sign="dots" if "_" in key.key else "underscores",
            instead=key.instead,
        )


@wrong_key_style.fix
def respell(finding: Finding, key: UnknownKey, ctx: Context) -> Offer | None:
    """The same name as this client writes it."""
    text = ctx.text(key.key_loc)
    quoted = len(text) > 2 and text[0] in "'\"" and text[1:-1] == key.key
    if not quoted:
        return None
    span = key.key_loc.span
    inner = key.key_loc.at(Span(span.start + 1, span.end - 1))
    return Offer(f"Write {key.instead}", Replace(inner, key.instead), Applicability.SAFE)
