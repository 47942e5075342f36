"""From declared jobs to pipelines: how often they are repeated, and how long they may take."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from pipesense.lang.documents.file import DocumentFile
from pipesense.lang.yaml.nodes import Mapping, Node, Scalar, items, mapping, resolved, scalar
from pipesense.model.flow import Edges, Effect, OtherRun, Pipeline, RetryPolicy, Role, Schedule, Setting, Task
from pipesense.model.value import Absent, Known, Origin, Unknown, Value
from pipesense.systems.cloud_jobs.jobs import Job, JobTask, jobs
from pipesense.systems.system import Lifted
from pipesense.text.span import Span

NAME: Final = "cloud_jobs"
RETRIES: Final = {"databricks": "max_retries", "cloudformation": "MaxRetries", "terraform": "max_retries"}
TIMEOUT: Final = {"databricks": "timeout_seconds", "cloudformation": "Timeout", "terraform": "timeout"}
"""In minutes for Glue, in seconds for Databricks, where 0 means none."""
_OWN_COMPUTE: Final = ("job_cluster_key", "existing_cluster_id", "new_cluster")
_SERVERLESS: Final = "serverless compute repeats failed tasks by itself"
"""https://docs.databricks.com/aws/en/jobs/run-serverless-jobs (auto-optimization)."""
_ELSEWHERE: Final = {
    "pipeline_task": "the pipeline repeats by its own settings",
    "run_job_task": "the other job has settings of its own",
    "for_each_task": "the task inside it has settings of its own",
    "condition_task": "it only compares two values",
}
_UNKNOWN: Final = Unknown("it is not told here")
_NEVER: Final = Unknown("nothing here says when it starts")


def lift(file: DocumentFile) -> Lifted:
    """Every job of a file; one that is torn or a template says nothing for certain."""
    if file.tree.problem is not None or file.tree.templated:
        return Lifted()
    return Lifted(pipelines=tuple(_pipeline(file, job) for job in jobs(file)))


def _pipeline(file: DocumentFile, job: Job) -> Pipeline:
    databricks = job.form == "databricks"
    return Pipeline(
        name=job.name,
        loc=file.loc(_inner(job.name_node)),
        system=NAME,
        noun="Databricks job" if databricks else "Glue job",
        tasks=tuple(_task(file, job, task) for task in job.tasks),
        edges=_edges(job),
        schedule=_schedule(file, job),
        shared=None,
        # "Repair run" of Databricks starts what failed and what follows it:
        # https://docs.databricks.com/aws/en/jobs/repair-job-failures
        resumes=databricks,
    )


def _inner(node: Node) -> Span:
    if isinstance(node, Scalar) and node.style in ("'", '"') and len(node.span) >= 2:
        return Span(node.span.start + 1, node.span.end - 1)
    return node.span


def _task(file: DocumentFile, job: Job, task: JobTask) -> Task:
    kind = _kind(job, task)
    retry, timeout = _retry(file, job, task, kind), _timeout(file, job, task, kind)
    loc = file.loc(_inner(task.name_node))
    does: Value[frozenset[Effect]] = Known(frozenset({Effect.NETWORK}))
    if kind in _ELSEWHERE:
        does = Unknown(_ELSEWHERE[kind])
    return Task(
        name=task.name,
        loc=loc,
        whole=file.loc(task.body.span),
        kind=kind,
        variable=None,
        retry=retry,
        timeout=timeout,
        alerts=Unknown("alerts may be made outside of the file"),
        settings=tuple(_settings(retry, timeout)),
        does=does,
        runs=(OtherRun(_what(job, task, kind), loc),),
        role=Known(Role.BRANCH) if kind == "condition_task" else Unknown("what its code does is not told here"),
    )


def _kind(job: Job, task: JobTask) -> str:
    if job.form == "databricks":
        keys = (entry.key or "" for entry in task.body.entries)
        return next((key for key in keys if key.endswith("_task")), "task")
    command = mapping(task.body.get("Command" if job.form == "cloudformation" else "command"))
    name = command.get("Name" if job.form == "cloudformation" else "name") if command is not None else None
    return scalar(name) or "glueetl"


def _what(job: Job, task: JobTask, kind: str) -> str:
    inner = mapping(task.body.get(kind if job.form == "databricks" else "Command"))
    keys = ("notebook_path", "python_file", "main_class_name", "entry_point", "ScriptLocation", "script_location")
    given = (scalar(inner.get(key)) for key in keys) if inner is not None else ()
    return next((each[:80] for each in given if each), kind)


def _number(node: Node | None) -> Value[int]:
    node = resolved(node) if node is not None else None
    if not isinstance(node, Scalar) or node.tag or node.template:
        return Unknown("it is computed")
    value: object = node.value
    if isinstance(value, str) and value.isdigit():
        value = int(value)
    return Known(value) if isinstance(value, int) and not isinstance(value, bool) else Unknown("it is computed")


def _retry(file: DocumentFile, job: Job, task: JobTask, kind: str) -> Value[RetryPolicy]:
    node = task.body.get(RETRIES[job.form])
    pause = task.body.get("min_retry_interval_millis")
    millis = _number(pause) if pause is not None else _UNKNOWN
    delay: Value[timedelta] = _UNKNOWN
    if isinstance(millis, Known):
        delay = Known(timedelta(milliseconds=min(millis.value, 10**12)))
    if node is not None:
        count = _number(node)
        attempts: Value[int] = Known(count.value, file.loc(node.span)) if isinstance(count, Known) else count
        return Known(RetryPolicy(attempts, delay, Known(False), delay), file.loc(node.span))
    if kind in _ELSEWHERE:
        return Unknown(_ELSEWHERE[kind])
    if job.form == "databricks":
        if job.body.get("continuous") is not None:
            return Unknown("a continuous job is started again by itself")
        if kind != "sql_task" and all(task.body.get(key) is None for key in _OWN_COMPUTE):
            return Unknown(_SERVERLESS)
    return Absent(Known(RetryPolicy(Known(0), _UNKNOWN, _UNKNOWN, _UNKNOWN)), ("the task",))


def _timeout(file: DocumentFile, job: Job, task: JobTask, kind: str) -> Value[timedelta]:
    key = TIMEOUT[job.form]
    unit = timedelta(seconds=1) if job.form == "databricks" else timedelta(minutes=1)
    for body, origin in ((task.body, Origin.HERE), (job.body, Origin.PIPELINE)):
        node = body.get(key)
        if node is None:
            continue
        count = _number(node)
        if not isinstance(count, Known):
            return Unknown("it is computed")
        if count.value:
            return Known(unit * min(count.value, 10**7), file.loc(node.span), origin)
        if job.form == "databricks":
            return Unknown("it is set to 0 on purpose: without a limit")
    if kind in _ELSEWHERE:
        return Unknown(_ELSEWHERE[kind])
    if job.form == "databricks":
        return Absent(Unknown("there is none"), ("the task", "the job"))
    if kind == "gluestreaming":
        return Unknown("a streaming job runs on")
    return Absent(Known(_limit_of_glue(job.body)), ("the job",))


def _limit_of_glue(body: Mapping) -> timedelta:
    """480 minutes since Glue 5.0, 2,880 before: https://docs.aws.amazon.com/glue/latest/dg/add-job.html."""
    version = scalar(body.get("GlueVersion")) or scalar(body.get("glue_version")) or ""
    return timedelta(minutes=480 if version[:1].isdigit() and int(version[:1]) >= 5 else 2880)


def _settings(retry: Value[RetryPolicy], timeout: Value[timedelta]) -> Iterator[Setting]:
    meaning = "how often a failed attempt is repeated"
    if isinstance(retry, Known):
        attempts, delay = retry.value.attempts, retry.value.delay
        told: Value[str] = attempts if isinstance(attempts, Unknown) else _UNKNOWN
        if isinstance(attempts, Known):
            told = Known(str(attempts.value), attempts.loc)
        yield Setting("retries", told, meaning)
        if isinstance(delay, Known):
            yield Setting("retry delay", Known(str(delay.value)), "the pause before a repetition")
    elif isinstance(retry, Absent):
        yield Setting("retries", Absent(Known("0"), retry.searched), meaning)
    else:
        yield Setting("retries", retry, meaning)
    ends = "after which time an attempt fails"
    if isinstance(timeout, Known):
        yield Setting("timeout", Known(str(timeout.value), timeout.loc, timeout.origin), ends)
    elif isinstance(timeout, Absent):
        given = timeout.default
        default: Value[str] = Known(str(given.value)) if isinstance(given, Known) else Unknown("there is none")
        yield Setting("timeout", Absent(default, timeout.searched), ends)
    else:
        yield Setting("timeout", timeout, ends)


def _edges(job: Job) -> Edges:
    names = {task.name for task in job.tasks}
    found: set[tuple[str, str]] = set()
    for task in job.tasks:
        for item in items(task.body.get("depends_on")):
            inner = mapping(item)
            name = scalar(inner.get("task_key")) if inner is not None else None
            if name is None or name not in names:
                return Edges(frozenset(found), Unknown("a task depends on one that is not in this file"))
            found.add((name, task.name))
    return Edges(frozenset(found))


def _schedule(file: DocumentFile, job: Job) -> Schedule:
    """When it starts; a job that nothing in its file starts is started by hand or from elsewhere."""
    text: Value[str | None] = _NEVER
    if job.form == "databricks":
        given = mapping(job.body.get("schedule"))
        node = given.get("quartz_cron_expression") if given is not None else None
        said = scalar(node)
        if node is not None and said:
            text = Known(said, file.loc(node.span))
    elif job.form == "cloudformation":
        # A job is started by triggers of other templates, by state machines and by hand, and repeated by them.
        said = scalar(job.starts.get("Schedule")) if job.starts is not None else None
        text = Known(said) if said else Known(None)
    else:
        text = Known(None)
    return Schedule(text=text, start=_NEVER)
