"""Settings that a framework refuses, ignores, or cannot mean as they are written."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pipesense.model.change import Replace
from pipesense.model.value import Version
from pipesense.model.where import Loc


class FaultKind(Enum):
    """What is wrong with a setting; each is the business of one rule."""

    TASK_SETTING_ON_PIPELINE = "a setting of tasks is given to the pipeline"
    PIPELINE_SETTING_AMONG_DEFAULTS = "a setting of the pipeline stands among the defaults of tasks"
    NEEDLESS_DEFAULT = "a setting of the pipeline stands there, and nothing is lost by it"
    MISSPELLED_DEFAULT = "a default's name is misspelled"
    REFUSED_VALUE = "the value is refused"
    MISREAD_VALUE = "the value is accepted and means something else"
    TOLERATED_VALUE = "the value is accepted although its type is another"
    UNREADABLE_SCHEDULE = "the schedule cannot be read"
    NO_START = "runs are to be made up for, and there is no first date"
    REFUSED_CHECK = "the check's description is refused"
    PASSES_WITHOUT_ROWS = "the check passes when there is nothing to check"
    DUPLICATE_TASK = "two tasks have one name"
    CYCLE = "tasks wait for one another"
    ALERT_WITHOUT_RECIPIENT = "an alert is asked for, and nobody is named who gets it"
    CATCHUP_BY_DEFAULT = "whether missed runs are made up for is left to the installation"
    CLOCK_IN_SETTING = "a setting is computed from the clock, or at random, whenever the file is read"


@dataclass(frozen=True, slots=True)
class SettingFault:
    """One setting of a pipeline or task, written in the file at ``loc``.

    ``owner`` names who has it, for people ("DAG orders", "task load"); ``setting`` is its name, ``written`` its value
    as it stands there. ``outcome`` says what happens, as a clause ("Airflow raises TypeError"), ``instead`` what to
    write. ``edits`` make the change where it can be told, with ``title`` naming it; ``certain`` tells that the old
    text could not have meant anything else.
    """

    kind: FaultKind
    owner: str
    setting: str
    written: str
    loc: Loc
    outcome: str
    instead: str
    target: Version
    edits: tuple[Replace, ...] = ()
    title: str = ""
    certain: bool = False
    imports: tuple[tuple[str, str], ...] = ()
    """The names that the edits need, each with the module that it comes from."""
    related: Loc | None = None
    """Another place that it is about: the first task of two with one name."""


@dataclass(frozen=True, slots=True)
class MissingFile:
    """A task runs the file ``written``, as it stands at ``loc``, and no file is where it is looked for.

    ``expected`` is the first of the paths where it is looked for.
    """

    task: str
    pipeline: str
    written: str
    loc: Loc
    expected: str
