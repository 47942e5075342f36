"""Where a file declares jobs: ``resources.jobs`` of a Databricks bundle, resources of CloudFormation and Terraform.

https://docs.databricks.com/aws/en/dev-tools/bundles/resources#job,
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-glue-job.html,
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/glue_job
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from pipesense.lang.documents.file import DocumentFile
from pipesense.lang.documents.part import unplaced
from pipesense.lang.yaml.nodes import Entry, Mapping, Node, Scalar, items, mapping, resolved, scalar

GLUE: Final = "AWS::Glue::Job"
Form = Literal["databricks", "cloudformation", "terraform"]


@dataclass(frozen=True, slots=True)
class JobTask:
    """A task; ``name_node`` is where its name is written, ``body`` holds its settings."""

    name: str
    name_node: Node
    body: Mapping


@dataclass(frozen=True, slots=True)
class Job:
    """A job; ``body`` holds what is said of all of it. One of Glue is its only task."""

    form: Form
    name: str
    name_node: Node
    body: Mapping
    tasks: tuple[JobTask, ...]
    starts: Mapping | None = None
    """A trigger of the same template that starts it."""


def jobs(file: DocumentFile) -> Iterator[Job]:
    """Every job of a file that is whole."""
    for root in file.roots:
        if not isinstance(root, Mapping):
            continue
        if "AWS::Glue::Job" in file.text:
            yield from _of_cloudformation(root)
        elif "task_key" in file.text:
            yield from _of_databricks(root)
        else:
            yield from _of_terraform(root)


def entries(node: Node | None) -> tuple[Entry, ...]:
    """The keys and values of a mapping."""
    found = resolved(node) if node is not None else None
    return found.entries if isinstance(found, Mapping) else ()


def _of_databricks(root: Mapping) -> Iterator[Job]:
    resources = mapping(root.get("resources"))
    overridden = {
        entry.key
        for target in entries(root.get("targets"))
        for entry in entries(_below(target.value, "resources", "jobs"))
    }
    for entry in entries(resources.get("jobs") if resources is not None else None):
        body = mapping(entry.value)
        # What a target changes in a job is not the same everywhere.
        if body is not None and entry.key is not None and entry.key not in overridden:
            tasks = tuple(_tasks(body))
            if tasks:
                yield Job("databricks", entry.key, entry.name, body, tasks)
    if resources is None and root.get("tasks") is not None:
        named = root.entry("name")
        tasks = tuple(_tasks(root))
        if named is not None and tasks:
            yield Job("databricks", scalar(named.value) or "job", resolved(named.value), root, tasks)


def _below(node: Node | None, *keys: str) -> Node | None:
    for key in keys:
        found = mapping(node) if node is not None else None
        node = found.get(key) if found is not None else None
    return node


def _tasks(body: Mapping) -> Iterator[JobTask]:
    for item in items(body.get("tasks")):
        inner = mapping(item)
        named = inner.entry("task_key") if inner is not None else None
        name = scalar(named.value) if named is not None else None
        if inner is not None and named is not None and name:
            yield JobTask(name, resolved(named.value), inner)


def _of_cloudformation(root: Mapping) -> Iterator[Job]:
    made = [(entry, mapping(unplaced(entry).value)) for entry in entries(root.get("Resources"))]
    triggers = [inner for _, each in made if each is not None and (inner := _trigger(each)) is not None]
    for entry, plain in made:
        if plain is None or entry.key is None or scalar(plain.get("Type")) != GLUE:
            continue
        resource = mapping(entry.value)
        body = mapping(resource.get("Properties")) if resource is not None else None
        if body is not None:
            own = scalar(body.get("Name"))
            starts = next((each for each in triggers if _starts(each, {entry.key, own} - {None, ""})), None)
            yield Job("cloudformation", entry.key, entry.name, body, (JobTask(entry.key, entry.name, body),), starts)


def _trigger(resource: Mapping) -> Mapping | None:
    return mapping(resource.get("Properties")) if scalar(resource.get("Type")) == "AWS::Glue::Trigger" else None


def _starts(trigger: Mapping, names: set[str | None]) -> bool:
    for item in items(trigger.get("Actions")):
        given = mapping(item)
        node = resolved(found) if given is not None and (found := given.get("JobName")) is not None else None
        if isinstance(node, Mapping):
            node = resolved(node.entries[0].value) if len(node.entries) == 1 else None
        if isinstance(node, Scalar) and node.text.strip("${}") in names:
            return True
    return False


def _of_terraform(root: Mapping) -> Iterator[Job]:
    resource = mapping(root.get("resource"))
    for entry in entries(resource.get("aws_glue_job") if resource is not None else None):
        body = mapping(entry.value)
        if body is not None and entry.key is not None:
            yield Job("terraform", entry.key, entry.name, body, (JobTask(entry.key, entry.name, body),))
