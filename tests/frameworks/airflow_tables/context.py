"""Import paths of the constructs a DAG file is made of, and the keys of the task context."""

from __future__ import annotations

from .asked import Airflow
from .questions import ROLE_MODULES, ROLES
from .render import Call


def constructs(airflows: list[Airflow]) -> dict[str, tuple[Call, ...]]:
    asked = sorted({f"{module}:{name}" for module in ROLE_MODULES for names in ROLES.values() for name in names})
    states = [a.ask("names", names=asked, read=[]) for a in airflows]
    lines = [a.line for a in airflows]
    found: dict[str, tuple[Call, ...]] = {}
    for role, names in ROLES.items():
        paths: list[Call] = []
        for key in (f"{module}:{name}" for module in ROLE_MODULES for name in names):
            good = [i for i, state in enumerate(states) if state[key]["ok"] and not is_module(state[key])]
            warned = [lines[i] for i in good if states[i][key]["warned"]]
            if good:
                qualified = key.replace(":", ".")
                paths.append(
                    Call("ImportPath", qualified, lines[good[0]], lines[good[-1]], warned[0] if warned else None)
                )
        found[role] = tuple(paths)
    return found


def is_module(state: dict[str, str | None]) -> bool:
    """A module of the same name (``airflow.decorators.task_group``, ``airflow.task``)."""
    return state["module"] is None and state["name"] is None


def keys(airflows: list[Airflow]) -> dict[str, Call]:
    """Context keys with the release lines that have them. A key is removed when no later line has it."""
    answers = [a.ask("context_keys") for a in airflows]
    lines = [a.line for a in airflows]
    hints: dict[str, list[str]] = answers[0]["deprecated"]
    found: dict[str, Call] = {}
    for name in sorted({k for answer in answers for k in answer["keys"]}):
        having = [i for i, answer in enumerate(answers) if name in answer["keys"]]
        removed = lines[having[-1] + 1] if having[-1] + 1 < len(lines) else None
        instead = tuple(h for h in reversed(hints.get(name, [])))
        found[name] = Call("ContextKey", name, lines[having[0]], removed, instead=instead)
    return found


def decorators(airflow: Airflow) -> dict[str, str]:
    answer: dict[str, str] = airflow.ask("decorators")
    return dict(sorted(answer.items()))
