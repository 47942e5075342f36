"""Messages are JSON that no schema describes, and other code reads them."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.broker import PlainMessages
from pipesense.model.data import AccessMode
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="streaming/no-schema",
    wants=PlainMessages,
    pattern="data-contract",
    since="0.2",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC}),
    messages={
        "json": Message(
            Severity.HINT,
            "Messages of {topic} are JSON without a schema, and {reader} reads them.",
            "A field that is renamed or changes its type is noticed by the reader, when the messages are in the topic "
            "already and cannot be taken back.",
            "Write them by a schema of a registry (Avro, Protobuf or JSON Schema): it refuses a change that readers "
            "cannot follow.",
        ),
    },
)


@rule(META)
def no_schema(plain: PlainMessages, ctx: Context) -> Iterator[Finding]:
    """At the first method of a file that sends to a topic which code of the workspace reads."""
    if plain.system != "kafka":
        return
    reading = [use for use in ctx.uses_of(plain.topic) if use.access.mode is AccessMode.READ]
    reader = next((use.by for use in reading if use.access.loc.file != plain.loc.file), "")
    if reader:
        yield ctx.finding("json", at=plain.loc, topic=plain.topic.table, reader=reader)
