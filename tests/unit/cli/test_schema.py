"""The JSON Schema of the configuration: what is right passes, and each mistake that the analysis tells is one here."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from pipesense.cli.main import main
from pipesense.engine.config import KEYS


@pytest.fixture
def schema(capsysbinary: pytest.CaptureFixture[bytes]) -> Any:
    assert main(["rules", "--format", "schema"]) == 0
    return json.loads(capsysbinary.readouterr().out)


def test_it_is_a_schema_of_every_key(schema: Any) -> None:
    jsonschema.Draft7Validator.check_schema(schema)
    assert set(schema["properties"]) == set(KEYS)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"select": ["all"], "ignore": ["upgrade", "reliability/no-timeout", "our-pack/own-rule"]},
        {"severity": {"reliability/no-retries": "error", "upgrade": "hint"}},
        {"dialect": "snowflake"},
        {"dialect": {"warehouse/**": "bigquery"}, "roles": {"scratch/**": "ad-hoc"}},
        {"assets": {"mart.events": {"append_only": True, "unique_key": ["event_id"]}}},
        {"rules": {"reliability/no-retries": {"attempts": 5}}},
        {"per-file-ignores": {"legacy/**": ["upgrade"]}, "exclude": ["build/**"], "baseline": "known.json"},
    ],
)
def test_what_is_right(schema: Any, settings: object) -> None:
    jsonschema.validate(settings, schema)


@pytest.mark.parametrize(
    "settings",
    [
        {"selekt": ["all"]},
        {"select": "all"},
        {"severity": {"upgrade": "fatal"}},
        {"dialect": {"**": "klingon"}},
        {"roles": {"**": "hero"}},
        {"assets": {"mart.events": {"apend_only": True}}},
        {"rules": {"reliability/no-retries": {"atempts": 5}}},
        {"rules": {"reliability/no-retries": {"attempts": "5"}}},
    ],
)
def test_what_is_wrong(schema: Any, settings: object) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(settings, schema)


def test_rules_are_completed_with_what_they_find(schema: Any) -> None:
    choice = schema["definitions"]["selector"]["anyOf"][0]
    told = dict(zip(choice["enum"], choice["enumDescriptions"], strict=True))
    assert told["all"] == "Every rule."
    assert "over the network" in told["reliability/no-retries"]
