"""What the rules about message brokers ask of clients and loops; everything answers "surely"."""

from __future__ import annotations

from collections.abc import Iterable

from pipesense.model.broker import CommitMoment, MessageLoop, Step, StepKind, StreamClient
from pipesense.model.value import Absent, Known, effective
from pipesense.model.where import Loc

SIDE_EFFECTS = frozenset({StepKind.WORK, StepKind.SEND})
HANDLING = frozenset({StepKind.WORK, StepKind.SEND, StepKind.CALL, StepKind.DECODE})


def is_set(client: StreamClient, name: str) -> bool:
    """Whether the setting is given, by whatever value that is not None."""
    found = client.setting(name)
    return (
        found is not None and found.loc is not None and not (isinstance(found.value, Known) and not found.value.value)
    )


def holds(client: StreamClient, name: str, value: object) -> bool:
    """Whether the setting surely has that value, the default included."""
    found = client.value(name)
    return isinstance(found, Known | Absent) and effective(found) == value


def of_default(client: StreamClient) -> str:
    """Whose default applies, in words."""
    return f"{client.library} {client.version}" if client.version.number else client.library


def commits_by_itself(client: StreamClient) -> bool:
    """Whether the client surely keeps positions and commits them without being told."""
    if not holds(client, "auto_commit", True) or holds(client, "offset_store", False):
        return False
    store = client.setting("offset_store")
    if store is not None and not isinstance(store.value, Absent) and not holds(client, "offset_store", True):
        return False
    group = client.setting("group")
    return (
        group is not None and group.loc is not None and not (isinstance(group.value, Known) and not group.value.value)
    )


def work(loop: MessageLoop) -> list[Step]:
    """What the loop does with a message beside its error handling."""
    kinds = SIDE_EFFECTS | {StepKind.CALL}
    return [step for step in loop.steps if step.kind in kinds and not step.in_handler]


def commits_meanwhile(loop: MessageLoop) -> bool:
    """Whether the client's own commits run beside the work."""
    return loop.moment is CommitMoment.MEANWHILE


def behind(steps: Iterable[Step]) -> tuple[Loc, str] | None:
    """The place behind the last piece of work that surely runs, and the indentation there; None where there is none."""
    last = [step for step in steps if step.certain]
    if not last or last[-1].after is None or not last[-1].indent:
        return None
    return last[-1].after, last[-1].indent
