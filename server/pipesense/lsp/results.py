"""How findings reach the client: it pulls them, or they are pushed; never both."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, Protocol
from zlib import crc32

from lsprotocol import types

from pipesense.lang.languages import language_of
from pipesense.lsp.diagnostics import DiagnosticWriter
from pipesense.lsp.documents import Documents, OpenDocument
from pipesense.lsp.protocol import ReadyJson
from pipesense.lsp.scheduler import Scheduler
from pipesense.lsp.settings import DiagnosticMode

if TYPE_CHECKING:
    from pipesense.engine.workspace import Workspace

REFRESH_SECONDS: Final = 0.3
"""How long changes are gathered before the client is asked to pull again."""

_GATHER_SECONDS: Final = 0.2
"""How long changes are gathered before a waiting workspace pull is answered."""

_NO_REPORT: Final = '{"kind":"full","items":[]}'


class Results(Protocol):
    """What happens to findings. ``edited`` follows an edit in the file itself, ``changed`` any other reason."""

    def edited(self, path: str) -> None: ...
    def changed(self, paths: frozenset[str]) -> None: ...
    def closed(self, document: OpenDocument) -> None: ...
    def idle(self) -> None: ...
    def reset(self, mode: DiagnosticMode | None) -> None: ...
    def stop(self) -> None: ...


class Pushed:
    """For clients that cannot pull: textDocument/publishDiagnostics.

    After an edit the new version's findings are always sent: the client may wait for that version, and its own
    marks may be gone with the text they stood on. Otherwise they are sent only when they differ from the last.
    Files that are not open are left out unless the user wants the whole workspace: many editors without pull
    make a buffer for every file that is published.
    """

    def __init__(
        self,
        workspace: Workspace,
        documents: Documents,
        writer: DiagnosticWriter,
        send: Callable[[str], None],
        mode: DiagnosticMode | None,
    ) -> None:
        self._workspace = workspace
        self._documents = documents
        self._writer = writer
        self._send = send
        self._mode = mode
        self._last: dict[str, str] = {}
        """The items last sent for each path that has any."""

    def edited(self, path: str) -> None:
        self._publish(path, always=True)

    def changed(self, paths: frozenset[str]) -> None:
        for path in sorted(paths):
            self._publish(path, always=False)

    def closed(self, document: OpenDocument) -> None:
        self._writer.forget(document.path)
        self._publish(document.path, always=False, uri=document.uri)

    def idle(self) -> None:
        """What changed was sent when it changed."""

    def reset(self, mode: DiagnosticMode | None) -> None:
        self._mode = mode
        self._writer.forget()
        self.changed(frozenset(self._last) | {each.path for each in self._documents if each.is_read})
        if mode is DiagnosticMode.WORKSPACE:
            self.changed(frozenset(self._workspace.paths()))

    def stop(self) -> None:
        self._last.clear()

    def _publish(self, path: str, *, always: bool, uri: str | None = None) -> None:
        document = self._documents.at(path)
        items = "[]"
        if document is not None or self._mode is DiagnosticMode.WORKSPACE:
            buffer = self._workspace.text(path)
            if buffer is not None:
                items = self._writer.items(path, self._workspace.findings(path), buffer)
        if not always and items == self._last.get(path, "[]"):
            return
        if items == "[]":
            self._last.pop(path, None)
        else:
            self._last[path] = items
        version = f'"version":{document.version},' if document is not None else ""
        name = json.dumps(uri or self._documents.uri(path))
        self._send(
            '{"jsonrpc":"2.0","method":"textDocument/publishDiagnostics","params":'
            f'{{"uri":{name},{version}"diagnostics":{items}}}}}'
        )


class Pulled:
    """For clients that pull: textDocument/diagnostic for open files, workspace/diagnostic for the others.

    A workspace pull is answered when there is something new to say, so a client that asks again and again
    costs nothing. ``refresh`` asks the client to pull open files anew, or is None where it cannot be asked.
    """

    def __init__(
        self,
        workspace: Workspace,
        documents: Documents,
        writer: DiagnosticWriter,
        refresh: Callable[[], None] | None,
        mode: DiagnosticMode | None,
    ) -> None:
        self._workspace = workspace
        self._documents = documents
        self._writer = writer
        self._refresh = refresh
        self._refreshing: asyncio.TimerHandle | None = None
        self._mode = mode
        self._news = asyncio.Event()
        self._epoch = 0
        """Part of every result id: old ones are worth nothing after the settings changed."""

    def edited(self, path: str) -> None:
        """The client pulls after its own edits."""

    def changed(self, paths: frozenset[str]) -> None:
        self._news.set()
        if any(self._documents.at(path) is not None for path in paths):
            self._ask_to_refresh()

    def closed(self, document: OpenDocument) -> None:
        self._writer.forget(document.path)
        self._news.set()

    def idle(self) -> None:
        self._news.set()

    def reset(self, mode: DiagnosticMode | None) -> None:
        self._mode = mode
        self._epoch += 1
        self._writer.forget()
        self._news.set()
        self._ask_to_refresh()

    def stop(self) -> None:
        if self._refreshing is not None:
            self._refreshing.cancel()

    def document(self, params: types.DocumentDiagnosticParams, scheduler: Scheduler) -> ReadyJson:
        """The findings of one file, or that they are those the client has."""
        path = self._documents.path(params.text_document.uri)
        document = self._documents.get(params.text_document.uri)
        if path is None or (document is not None and not document.is_read and path not in self._misconfigured()):
            return ReadyJson(_NO_REPORT)
        if document is None:
            self._workspace.analyse(path)
        else:
            scheduler.fresh(path)
        result = self._result_id(path)
        if result == params.previous_result_id:
            return ReadyJson(f'{{"kind":"unchanged","resultId":{json.dumps(result)}}}')
        return ReadyJson(f'{{"kind":"full","resultId":{json.dumps(result)},"items":{self._items(path)}}}')

    async def whole_workspace(self, params: types.WorkspaceDiagnosticParams) -> ReadyJson:
        """The findings of all files that are not open, as far as the client has others; waits until there are some."""
        known = {each.uri: each.value for each in params.previous_result_ids}
        while True:
            self._news.clear()
            reports = self._reports(known)
            if reports:
                return ReadyJson(f'{{"items":[{",".join(reports)}]}}')
            await self._news.wait()
            await asyncio.sleep(_GATHER_SECONDS)

    def _reports(self, known: Mapping[str, str]) -> list[str]:
        reports: list[str] = []
        alive: set[str] = set()
        if self._mode is not DiagnosticMode.OPEN_FILES:
            for path in (*self._workspace.paths(), *self._misconfigured()):
                uri = self._documents.uri(path)
                if self._documents.at(path) is not None or (uri not in known and not self._workspace.findings(path)):
                    continue
                alive.add(uri)
                result = self._result_id(path)
                if result != known.get(uri):
                    reports.append(_workspace_report(uri, result, self._items(path)))
                    self._writer.forget(path)
        # What the client knows of files that are gone, or no longer asked for, ends.
        # While work goes on, a file that is missing may only wait to be read again.
        for uri, result in known.items() if not self._workspace.pending() else ():
            if uri not in alive and result != _GONE and self._documents.get(uri) is None:
                reports.append(_workspace_report(uri, _GONE, "[]"))
        return reports

    def _misconfigured(self) -> list[str]:
        return sorted({path for path, _, _ in self._workspace.configuration_problems()})

    def _items(self, path: str) -> str:
        buffer = self._workspace.text(path)
        return "[]" if buffer is None else self._writer.items(path, self._workspace.findings(path), buffer)

    def _result_id(self, path: str) -> str:
        # A configuration file is no document of the engine and has no revision.
        is_read = language_of(path) is not None
        version = self._workspace.revision(path) if is_read else f"{crc32(self._items(path).encode('ascii')):x}"
        return f"{self._epoch}/{version}"

    def _ask_to_refresh(self) -> None:
        if self._refresh is not None and self._refreshing is None:
            self._refreshing = asyncio.get_running_loop().call_later(REFRESH_SECONDS, self._refresh_now)

    def _refresh_now(self) -> None:
        self._refreshing = None
        if self._refresh is not None:
            self._refresh()


_GONE: Final = "gone"


def _workspace_report(uri: str, result: str, items: str) -> str:
    return f'{{"kind":"full","uri":{json.dumps(uri)},"version":null,"resultId":{json.dumps(result)},"items":{items}}}'
