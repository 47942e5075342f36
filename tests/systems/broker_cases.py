"""What a broker's system lifts, as text: the clients with their settings, the loops step by step, what is unchecked."""

from __future__ import annotations

from pipesense.lang.python.module import LinkMemo
from pipesense.model.broker import MessageLoop, OrderedSend, StreamClient, UncheckedSend
from pipesense.model.value import Absent, Known, Value
from pipesense.systems.system import Lifted, PythonSystem
from systems.lifting import Case, Workspace


def lifted(case: Case, system: PythonSystem) -> tuple[Workspace, Lifted]:
    """What the system finds in a case's file."""
    workspace = Workspace(case.files, LinkMemo())
    module = workspace.module(case.lifted)
    project = {name: text for name, text in case.files.items() if not name.endswith((".py", ".sql"))}
    version = system.version(module, project, None)
    return workspace, system.lift(module, version, lambda *_: None)


def told(case: Case, system: PythonSystem) -> str:
    """Everything of a case that a rule can see."""
    workspace, found = lifted(case, system)
    lines: list[str] = []
    for fact in found.facts:
        if isinstance(fact, StreamClient):
            lines += _client(fact, workspace, case.lifted)
        elif isinstance(fact, MessageLoop):
            lines += _loop(fact, workspace, case.lifted)
        elif isinstance(fact, UncheckedSend):
            where = workspace.line(case.lifted, fact.loc)
            lines.append(f"unchecked {fact.call} in line {where}: {fact.loss.name.lower()}, {len(fact.again)} more")
        elif isinstance(fact, OrderedSend):
            lines.append(f"ordered {fact.call} in line {workspace.line(case.lifted, fact.loc)}, without {fact.setting}")
    for code in found.code:
        uses = sorted({f"{access.mode.value} {access.dataset}" for access in code.accesses})
        if uses:
            lines.append(f"{code.scope}: {', '.join(uses)}")
    return "".join(f"{line}\n" for line in lines)


def _client(client: StreamClient, workspace: Workspace, name: str) -> list[str]:
    topics = f" of {', '.join(client.topics)}" if client.topics else ""
    opened = f" (more may be set: {client.opened.why})" if client.opened is not None else ""
    version = f" {client.version}" if client.version.number else ""
    line = workspace.line(name, client.loc)
    lines = [f"{client.library}{version} {client.role.value}{topics} in line {line}{opened}"]
    lines += [f"  {each.written}: {_value(each.value)}" for each in client.settings]
    lines += [f"  refused: {each.text} with {each.other}" for each in client.conflicts]
    lines += [f"  not known: {each.key}, but {each.instead}" for each in client.unknown_keys]
    return lines


def _value(value: Value[object]) -> str:
    if isinstance(value, Known):
        return repr(value.value)
    if isinstance(value, Absent):
        return f"none, so {value.default.value!r}" if isinstance(value.default, Known) else "none"
    return f"unknown, {value.why}"


def _loop(loop: MessageLoop, workspace: Workspace, name: str) -> list[str]:
    line = workspace.line(name, loc) if (loc := loop.loc) else 0
    known = "" if loop.client is not None else " (made elsewhere)"
    closes = ", closed after an error" if loop.closes_on_error else ""
    decodes = ", decodes by itself" if loop.decoder is not None else ""
    lines = [f"messages {loop.message or 'without one name'} of {loop.consumer} in line {line}{known}{closes}{decodes}"]
    for step in loop.steps:
        words = [
            *(["maybe"] if not step.certain and not step.in_handler else []),
            *(["in a handler"] if step.in_handler else []),
            *(["guarded"] if step.guarded else []),
            *(["with the message"] if step.takes_message else []),
        ]
        lines.append(f"  {step.kind.value} {step.text}" + (f" ({', '.join(words)})" if words else ""))
    lines += [f"  except {each.catches}: {'quiet' if each.quiet else 'does something'}" for each in loop.handlers]
    return lines
