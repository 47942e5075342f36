"""Templates that keep a definition in a file of its own, and what they put into it: SAM, Serverless Framework.

What CloudFormation reads from ``DefinitionS3Location`` lies in a bucket, so nothing is said of it.
``DefinitionUri`` with ``DefinitionSubstitutions``:
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-statemachine.html
``definition: ${file(flows/orders.asl.yml)}`` below ``stepFunctions.stateMachines``, whose ``type`` says how it is run:
https://www.serverless.com/plugins/serverless-step-functions
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pipesense.lang.documents.file import DocumentFile
from pipesense.lang.documents.part import unplaced
from pipesense.lang.yaml.nodes import Mapping as Node
from pipesense.lang.yaml.nodes import Node as AnyNode
from pipesense.lang.yaml.nodes import Scalar, Sequence, mapping, resolved, scalar
from pipesense.text.regex import regex

KIND: Final = "state machine of a file"
"""The kind under which a template tells what it makes of a definition's file, by the file's path."""
_MACHINES: Final = frozenset(("AWS::Serverless::StateMachine", "AWS::StepFunctions::StateMachine"))
_FUNCTIONS: Final = frozenset(("AWS::Serverless::Function", "AWS::Lambda::Function", "AWS::Lambda::Alias"))
_PLACE: Final = regex(r"\$\{([^}]+)\}")
_FILE: Final = regex(r"\$\{file\(\s*(?P<path>[^${}():,]+?\.(?:json|ya?ml))\s*\)\}")
"""A whole file; one key of it (``${file(x.yml):orders}``) is another text."""
_FUNCTION: Final = "arn:aws:lambda:region:account:function:"


@dataclass(frozen=True, slots=True)
class Given:
    """What a template makes of a definition: whether it is run as an express workflow, and what is put into it."""

    express: bool
    values: tuple[tuple[str, str], ...]

    def put_into(self, text: str) -> str:
        """A text with the values that are known; what nobody can tell stays as it is."""
        known = dict(self.values)
        return _PLACE.sub(lambda found: known.get(found[1], found[0]), text)


def told(file: DocumentFile) -> Mapping[tuple[str, str], object]:
    """What a template says of definitions in other files."""
    found = dict(_told(file)) if "DefinitionUri" in file.text else {}
    if "stateMachines" in file.text and "${file(" in file.text:
        found.update(_told_by_serverless(file))
    return found


def _told(file: DocumentFile) -> Iterator[tuple[tuple[str, str], object]]:
    for root in file.roots:
        resources = mapping(root.get("Resources")) if isinstance(root, Node) else None
        for entry in resources.entries if resources is not None else ():
            made = mapping(unplaced(entry).value)
            if made is None or resources is None or scalar(made.get("Type")) not in _MACHINES:
                continue
            properties = mapping(made.get("Properties"))
            uri = scalar(properties.get("DefinitionUri")) if properties is not None else None
            if properties is None or not uri or "://" in uri or "${" in uri:
                continue
            path = posixpath.normpath(posixpath.join(posixpath.dirname(file.path), uri))
            express = (scalar(properties.get("Type")) or "").upper() == "EXPRESS"
            given = mapping(properties.get("DefinitionSubstitutions"))
            values = tuple(_values(given, resources)) if given is not None else ()
            yield (KIND, path), Given(express, values)


def _told_by_serverless(file: DocumentFile) -> Iterator[tuple[tuple[str, str], object]]:
    """Machines of ``serverless.yml``, or of a file that holds its part ``stepFunctions`` alone."""
    for root in file.roots:
        part = (mapping(root.get("stepFunctions")) or root) if isinstance(root, Node) else None
        machines = mapping(part.get("stateMachines")) if part is not None else None
        for entry in machines.entries if machines is not None else ():
            made = mapping(unplaced(entry).value)
            node = resolved(definition) if made and (definition := made.get("definition")) is not None else None
            named = _FILE.fullmatch(node.text.strip()) if isinstance(node, Scalar) else None
            if made is None or named is None:
                continue
            path = posixpath.normpath(posixpath.join(posixpath.dirname(file.path), named["path"]))
            yield (KIND, path), Given((scalar(made.get("type")) or "").upper() == "EXPRESS", ())


def _values(given: Node, resources: Node) -> Iterator[tuple[str, str]]:
    for name, node in given.pairs():
        text = _text(node, resources)
        if text:
            yield name, text


def _text(node: AnyNode, resources: Node) -> str:
    """What is put in, as far as the template says it: a text, or which kind of thing its ARN is of."""
    if isinstance(node, Scalar):
        if node.tag in ("!GetAtt", "!Ref"):
            return _arn(node.text, resources)
        return node.text if node.tag in ("", "!Sub") and not node.template else ""
    if isinstance(node, Sequence) and node.tag == "!GetAtt":
        return _arn(scalar(node.items[0]) or "", resources) if node.items else ""
    entry = node.entries[0] if isinstance(node, Node) and len(node.entries) == 1 else None
    value = resolved(entry.value) if entry is not None else None
    if entry is None or value is None:
        return ""
    if entry.key == "Fn::Sub":
        return scalar(value) or ""
    if entry.key in ("Fn::GetAtt", "Ref"):
        first = next(iter(value.items), value) if isinstance(value, Sequence) else value
        return _arn(scalar(first) or "", resources)
    return ""


def _arn(name: str, resources: Node) -> str:
    name = name.partition(".")[0]
    entry = resources.entry(name) if name else None
    made = mapping(unplaced(entry).value) if entry is not None else None
    return f"{_FUNCTION}{name}" if made is not None and scalar(made.get("Type")) in _FUNCTIONS else ""


def given_to(file: DocumentFile) -> Given | None:
    """What templates say of this file, where all that name it say the same."""
    found = {each for each in file.ask(KIND, file.path) if isinstance(each, Given)}
    return next(iter(found)) if len(found) == 1 else None
