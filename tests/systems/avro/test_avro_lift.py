"""What is read in schema files of Avro, as tables: a schema, its records with their fields, and its faults."""

from __future__ import annotations

import pytest

from pipesense.lang.documents.file import DocumentFile
from pipesense.lang.documents.read import read_document
from pipesense.model.avro import AvroFault, AvroSchema, AvroType, unreadable
from pipesense.systems.avro import SYSTEM
from pipesense.systems.system import Lifted


def lift(text: str) -> Lifted:
    path = "/project/schemas/order.avsc"
    assert SYSTEM.claims(path, text)
    return SYSTEM.lift(DocumentFile(path, "json", 1, read_document("json", text)))


def record(fields: str, rest: str = "") -> str:
    return f'{{"type": "record", "name": "R"{rest}, "fields": [{fields}]}}'


def field(rest: str) -> str:
    return record(f'{{"name": "a", {rest}}}')


FORMS = [
    ("a primitive", field('"type": "long"'), ["R: a long"]),
    ("a primitive in braces", field('"type": {"type": "long", "logicalType": "date-of-ours"}'), ["R: a long"]),
    ("a default", field('"type": "long", "default": 0'), ["R: a long = "]),
    ("an old name", field('"type": "long", "aliases": ["b"]'), ["R: a long was b"]),
    ("a union", field('"type": ["null", "string"], "default": null'), ["R: a [null, string] = "]),
    ("a list", field('"type": {"type": "array", "items": "string"}'), ["R: a array of string"]),
    ("a map", field('"type": {"type": "map", "values": ["null", "int"]}'), ["R: a map of [null, int]"]),
    ("an enum", field('"type": {"type": "enum", "name": "E", "symbols": ["X"]}'), ["R: a E"]),
    ("a fixed", field('"type": {"type": "fixed", "name": "F", "size": 16}'), ["R: a F"]),
    (
        "a record in it",
        field('"type": {"type": "record", "name": "S", "fields": [{"name": "b", "type": "int"}]}'),
        ["R: a S", "S: b int"],
    ),
    ("a namespace", record('{"name": "a", "type": "int"}', ', "namespace": "shop"'), ["shop.R: a int"]),
    (
        "a namespace for those inside",
        record(
            '{"name": "a", "type": {"type": "record", "name": "S", "fields": []}}, {"name": "b", "type": "shop.S"}',
            ', "namespace": "shop"',
        ),
        ["shop.R: a S, b S", "shop.S: "],
    ),
    ("itself", field('"type": ["null", "R"], "default": null'), ["R: a [null, R] = "]),
    ("a name from elsewhere", field('"type": "shop.Money"'), ["R: a Money"]),
    ("several", '[{"type": "fixed", "name": "F", "size": 2}, ' + field('"type": "F"') + "]", ["R: a F"]),
    ("a type alone", '"string"', []),
    ("a torn text", field('"type": "long"')[:-3], []),
    ("something else", '{"a": 1}', []),
]


@pytest.mark.parametrize(("text", "expected"), [case[1:] for case in FORMS], ids=[case[0] for case in FORMS])
def test_lift(text: str, expected: list[str]) -> None:
    found = []
    for schema in lift(text).facts:
        for each in schema.records if isinstance(schema, AvroSchema) else ():
            fields = [
                f"{one.name} {one.type}{' = ' * one.has_default}{' was '.join(('', *one.others))}"
                for one in each.fields
            ]
            found.append(f"{each.name}: {', '.join(fields)}")
    assert found == expected


FAULTS = [
    ('"type": "int", "default": "0"', ["default of another type: int -> 0"]),
    ('"type": "int", "default": 1.5', ["default of another type: int"]),
    ('"type": "int", "default": 3000000000', ["default of another type: int"]),
    ('"type": "long", "default": 3000000000', []),
    ('"type": "string", "default": 5', ["default of another type: string"]),
    ('"type": "string", "default": null', ["default of another type: string"]),
    ('"type": "double", "default": 1', []),
    ('"type": "double", "default": "1.5"', []),
    ('"type": "float", "default": "much"', ["default of another type: float"]),
    ('"type": "boolean", "default": "false"', ["default of another type: boolean -> false"]),
    ('"type": ["null", "int"], "default": "null"', ["default of another type: [null, int] -> null"]),
    ('"type": ["int", "null"], "default": null', ["default of a later branch: [int, null]"]),
    ('"type": ["string", "null"], "default": "null"', []),
    ('"type": {"type": "array", "items": "int"}, "default": [1, "2"]', ["default of another type: array of int"]),
    ('"type": {"type": "map", "values": "int"}, "default": []', ["default of another type: map of int"]),
    ('"type": {"type": "record", "name": "S", "fields": [{"name": "b", "type": "int"}]}, "default": {}',
     ["default of another type: S"]),
    ('"type": ["null", "string", "null"]', ["branch twice: "]),
    ('"type": ["null", {"type": "array", "items": "int"}, {"type": "array", "items": "long"}]', ["branch twice: "]),
    ('"type": "timestamp"', ['no such type: long with "logicalType": "timestamp-millis"']),
    ('"type": {"type": "enum", "name": "E", "symbols": ["A-B"]}', ["bad name: "]),
    ('"type": {"type": "enum", "name": "E", "symbols": ["A"], "default": "B"}', ["default that is no symbol: A"]),
    ('"type": "int", "logicalType": "timestamp-millis"', ["logical type beside its type: int"]),
    ('"type": "bytes", "logicalType": "decimal", "precision": 4', ["logical type beside its type: bytes"]),
    ('"type": {"type": "string", "logicalType": "date"}', ["logical type of another type: string, it stands on int"]),
    ('"type": {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 4}', []),
]  # fmt: skip


@pytest.mark.parametrize(("rest", "expected"), FAULTS)
def test_faults(rest: str, expected: list[str]) -> None:
    found = [each for each in lift(field(rest)).facts if isinstance(each, AvroFault)]
    told = [f"{each.mistake.value}: {each.other}{' -> ' * bool(each.fixed)}{each.fixed}" for each in found]
    assert told == expected


INT, LONG, TEXT, NULL = (AvroType(name) for name in ("int", "long", "string", "null"))
READS = [
    (LONG, INT, ""),
    (INT, LONG, "long"),
    (AvroType("union", parts=(NULL, LONG)), INT, ""),
    (INT, AvroType("union", parts=(NULL, INT)), "null"),
    (AvroType("array", parts=(TEXT,)), AvroType("array", parts=(INT,)), "int"),
    (AvroType("enum", "a.E", symbols=("A",)), AvroType("enum", "b.E", symbols=("A", "B")), "E.B"),
    (AvroType("enum", "E", symbols=("A",), default=True), AvroType("enum", "E", symbols=("B",)), ""),
    (AvroType("record", "a.R"), AvroType("record", "a.S"), "S"),
    (AvroType("named", "a.R"), INT, ""),
    (AvroType("bytes"), TEXT, ""),
]


@pytest.mark.parametrize(("reader", "writer", "expected"), READS)
def test_what_a_reader_cannot_read(reader: AvroType, writer: AvroType, expected: str) -> None:
    assert unreadable(reader, writer) == expected


def test_a_thousand_levels_cost_no_stack() -> None:
    deep = '{"type": "array", "items": ' * 1000 + '"int"' + "}" * 1000
    assert lift(record(f'{{"name": "a", "type": {deep}}}')) is not None
