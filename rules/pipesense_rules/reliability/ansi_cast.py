"""A cast that gave NULL for what does not fit now stops the job."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.frames import TextCast
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import frames

_SINCE: Final = (4, 0)

META = RuleMeta(
    id="reliability/ansi-cast",
    wants=TextCast,
    pattern="quarantine",
    since="0.2",
    roles=PRODUCTION,
    messages={
        "raises": Message(
            Severity.INFO,
            "One text of {text} that is not {to} stops the job.",
            "Spark {version} ({source}) casts as ANSI SQL says: what does not fit raises CAST_INVALID_INPUT. Up to "
            "Spark 3 it became NULL.",
            "Say try_cast where NULL is meant, and count how many there are.",
        ),
    },
)


@rule(META)
def ansi_cast(cast: TextCast, ctx: Context) -> Iterator[Finding]:
    """At the method, where the project pins a version that raises."""
    if cast.lenient or not frames.surely(cast.version, _SINCE):
        return
    text = cast.text if len(cast.text) <= 60 else f"{cast.text[:57]}..."
    version, source = str(cast.version), cast.version.source
    yield ctx.finding("raises", at=cast.loc, subject=cast, text=text, to=cast.to, version=version, source=source)


@ansi_cast.fix
def try_it(finding: Finding, cast: TextCast, ctx: Context) -> Offer | None:
    """``try_cast`` in place of ``cast``, as up to Spark 3."""
    return Offer("Write try_cast", Replace(cast.loc, "try_cast"), Applicability.UNSAFE)
