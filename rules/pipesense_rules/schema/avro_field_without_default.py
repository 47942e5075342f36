"""A field without a default comes or goes between two versions of an Avro schema."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.avro import AvroField, AvroSchema, GiveAvroDefault
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import avro

META = RuleMeta(
    id="schema/avro-field-without-default",
    wants=AvroSchema,
    pattern="schema-evolution",
    since="0.1",
    roles=PRODUCTION,
    messages={
        "added": Message(
            Severity.WARNING,
            "{record}.{field} is new against {older} and has no default.",
            "Readers with this schema cannot read records that were written without it, and records stay in topics "
            "and files for longer than any deployment takes.",
            'Give it a default: "type": ["null", ...] with "default": null, or a value that is right for old records.',
        ),
        "removed": Message(
            Severity.WARNING,
            "{record} lost {field}, which has no default in {older}.",
            "Readers that still have the older schema cannot read new records: nothing says what the field is then.",
            "Keep the field until no reader asks for it, or give it a default in a version before it goes.",
        ),
    },
)


@rule(META)
def avro_field_without_default(schema: AvroSchema, ctx: Context) -> Iterator[Finding]:
    """At the new field, or at the name of the record that lost one."""
    older = avro.before(schema, ctx)
    if older is None:
        return
    name = older.path.rpartition("/")[2] if older.path.rpartition("/")[2] != schema.path.rpartition("/")[2] else ""
    name = name or "/".join(older.path.split("/")[-2:])
    records = {record.name: record for record in older.records}
    for record in schema.records:
        old = records.get(record.name)
        if old is None:
            continue
        had = {field.name for field in old.fields}
        short = record.name.rpartition(".")[2]
        for field in record.fields:
            if field.name not in had and not field.has_default and not had.intersection(field.others):
                related = [Related(old.loc, "the version before it")]
                yield ctx.finding(
                    "added", at=field.loc, related=related, subject=field, record=short, field=field.name, older=name
                )
        here = {each for field in record.fields for each in (field.name, *field.others)}
        for field in old.fields:
            if field.name not in here and not field.has_default:
                related = [Related(field.loc, "the field that readers still ask for")]
                yield ctx.finding(
                    "removed", at=record.loc, related=related, subject=old, record=short, field=field.name, older=name
                )


@avro_field_without_default.fix
def default(finding: Finding, field: object, ctx: Context) -> Offer | None:
    """Null where it was not written."""
    if not isinstance(field, AvroField):
        return None
    return Offer("Let it be null by default", GiveAvroDefault(field), Applicability.UNSAFE)
