"""A field has a type that cannot take what was written with the version before."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.avro import AvroSchema, unreadable
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding, Related
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import avro

META = RuleMeta(
    id="schema/avro-type-changed",
    wants=AvroSchema,
    pattern="schema-evolution",
    since="0.1",
    roles=PRODUCTION,
    messages={
        "changed": Message(
            Severity.WARNING,
            "{record}.{field} is {new} here and was {old}: {why} cannot be read any more.",
            "Avro widens int to long, float and double, and exchanges string and bytes. Everything else fails at the "
            "first old record that a reader meets.",
            "Add a field of the new type beside the old one, move writers and readers, and drop the old one last.",
        ),
    },
)


@rule(META)
def avro_type_changed(schema: AvroSchema, ctx: Context) -> Iterator[Finding]:
    """At the type of a field that stands in both versions."""
    older = avro.before(schema, ctx)
    if older is None:
        return
    records = {record.name: record for record in older.records}
    for record in schema.records:
        old = records.get(record.name)
        before = {field.name: field for field in old.fields} if old is not None else {}
        for field in record.fields:
            was = before.get(field.name)
            why = unreadable(field.type, was.type) if was is not None else ""
            if was is not None and why:
                yield ctx.finding(
                    "changed",
                    at=field.type_loc,
                    related=[Related(was.type_loc, "what was written")],
                    record=record.name.rpartition(".")[2],
                    field=field.name,
                    new=field.type,
                    old=was.type,
                    why=why,
                )
