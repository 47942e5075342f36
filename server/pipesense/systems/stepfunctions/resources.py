"""What the resource of a Task state says: which service, in which way it is waited for.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pipesense.model.flow import Role
from pipesense.text.regex import regex

_PART: Final = r"(?:\$\{[^}]*\}|[^:])*"
"""One part of an ARN; a template may fill it in."""
_INTEGRATION: Final = regex(rf"arn:{_PART}:states:{_PART}:{_PART}:(?P<api>(?!activity:).+)$")
_ACTIVITY: Final = regex(rf"arn:{_PART}:states:{_PART}:{_PART}:activity:(?P<name>.*)$")
_LAMBDA: Final = regex(rf"arn:{_PART}:lambda:")
_LAMBDA_NAME: Final = regex(r"\$\{[^}]*(?:lambda|function|fn)[^}]*\}", re.I)
_HOLE: Final = regex(r"\$\{|\$\[|\{%")

_LOADS: Final = ("glue:startJobRun", "emr-serverless:startJobRun", "elasticmapreduce:addStep")
_CHECKS: Final = ("startDataQualityRulesetEvaluationRun", "startDataQualityRuleRecommendationRun")
_NOTIFIES: Final = ("sns:publish", "ses:sendEmail", "sesv2:sendEmail")


@dataclass(frozen=True, slots=True)
class Resource:
    """``kind`` as people say it ("glue:startJobRun.sync").

    ``waits``: for somebody to send the token back, or to take the work of an activity. ``job``: for a job to end.
    ``is_lambda``: a function is called, which is cut off after 15 minutes.
    """

    kind: str
    waits: bool = False
    job: bool = False
    is_lambda: bool = False
    known: bool = True

    @property
    def role(self) -> Role | None:
        """What such a state is there for, None where the service may do anything."""
        api = self.kind.removeprefix("aws-sdk:")
        if api.startswith(_LOADS):
            return Role.LOAD
        if any(each in api for each in _CHECKS):
            return Role.CHECK
        if api.startswith(_NOTIFIES):
            return Role.NOTIFY
        return Role.TRIGGER if api.startswith("states:startExecution") else None


def resource_of(text: str | None) -> Resource:
    """What a Task's ``Resource`` means; ``text`` None where nobody can tell."""
    if text is None:
        return Resource("Task", known=False)
    activity = _ACTIVITY.match(text)
    if activity is not None:
        return Resource(f"activity {activity['name'] or ''}".strip(), waits=True)
    found = _INTEGRATION.match(text)
    if found is not None:
        api = found["api"]
        if _HOLE.search(api):
            return Resource("Task", known=False)
        return Resource(
            api,
            waits=api.endswith(".waitForTaskToken"),
            job=re.search(r"\.sync(?::2)?$", api) is not None,
            is_lambda=api.startswith("lambda:invoke"),
        )
    if _LAMBDA.match(text) or _LAMBDA_NAME.search(text):
        return Resource("lambda", is_lambda=True)
    return Resource("Task", known=False)
