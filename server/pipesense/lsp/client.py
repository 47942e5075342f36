"""What the server asks of the client and tells it, beside answers and findings."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any, Final

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from pipesense.engine.report import InternalError
from pipesense.lsp.capabilities import ClientProfile

_log = logging.getLogger(__name__)

_WATCHED: Final = (
    "**/*.{py,sql,ddl,hql,yaml,yml,json,avsc}",
    "**/{pyproject,pipesense}.toml",
    "**/{requirements,constraints}*.{txt,in}",
    "**/{uv.lock,poetry.lock,Pipfile,Pipfile.lock,setup.cfg,environment.yml,Dockerfile,airflow.Dockerfile,Dockerfile.airflow,.env}",
    "**/docker-compose.{yml,yaml}",
    "**/*baseline*.json",
)
"""What a project says in: code, settings, versions of what it runs on, and findings that it lives with."""
_SAME_MESSAGE_SECONDS: Final = 60.0
_REMEMBERED: Final = 200


class Client:
    """The other end of the connection."""

    def __init__(
        self, server: LanguageServer, lost: Callable[[], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.lost = lost
        """Call when the client is gone."""
        self._server = server
        self._clock = clock
        self._told: dict[str, float] = {}

    def send(self, body: str) -> None:
        """Send a message that is JSON text already."""
        self._server.protocol.send_text(body)  # type: ignore[attr-defined]

    def register(self, profile: ClientProfile) -> None:
        """Ask for the events that have no static registration."""
        wanted: list[types.Registration] = []
        if profile.watched_files:
            watchers = [types.FileSystemWatcher(glob) for glob in _WATCHED]
            options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
            wanted.append(types.Registration("pipesense/files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options))
        if profile.configuration_changes:
            settings = types.DidChangeConfigurationRegistrationOptions(section="pipesense")
            wanted.append(types.Registration("pipesense/settings", types.WORKSPACE_DID_CHANGE_CONFIGURATION, settings))
        if wanted:
            self._ask(types.CLIENT_REGISTER_CAPABILITY, types.RegistrationParams(wanted))

    async def configuration(self, section: str) -> object:
        """One section of the client's settings.

        Raises:
            JsonRpcException: the client refuses.
        """
        items = [types.ConfigurationItem(section=section)]
        answer = await self._server.workspace_configuration_async(types.ConfigurationParams(items))
        return answer[0] if answer else None

    def refresh_diagnostics(self) -> None:
        """Ask the client to pull again."""
        self._ask(types.WORKSPACE_DIAGNOSTIC_REFRESH, None)

    def refresh_all(self) -> None:
        """Ask the client to pull again, and for the counts above models, which follow other files as well."""
        self.refresh_diagnostics()
        self._ask(types.WORKSPACE_CODE_LENS_REFRESH, None)

    def ask_for_progress(self, token: str, created: Callable[[bool], None]) -> None:
        """Ask the client to make room for progress; ``created`` hears whether it did."""
        asked = self._ask(types.WINDOW_WORK_DONE_PROGRESS_CREATE, types.WorkDoneProgressCreateParams(token))
        asked.add_done_callback(lambda done: created(not done.cancelled() and done.exception() is None))

    def send_progress(
        self,
        token: str,
        value: types.WorkDoneProgressBegin | types.WorkDoneProgressReport | types.WorkDoneProgressEnd,
    ) -> None:
        """Send one step of a progress."""
        self._server.progress(types.ProgressParams(token, value))

    def internal_error(self, error: InternalError) -> None:
        """A rule or a unit failed: findings are missing there and nowhere else."""
        self.tell(f"{error.unit} failed on {error.path}; its findings there are missing. {error.error}")

    def tell(self, message: str) -> None:
        """Write a line into both logs, the same one at most once a minute. There is never a pop-up."""
        now = self._clock()
        if now - self._told.get(message, -_SAME_MESSAGE_SECONDS) < _SAME_MESSAGE_SECONDS:
            return
        if len(self._told) >= _REMEMBERED:
            self._told.clear()
        self._told[message] = now
        _log.error("%s", message)
        self._server.window_log_message(types.LogMessageParams(types.MessageType.Error, message))

    def trace(self, message: str) -> None:
        """Tell a client that traces what the server does."""
        if self._server.protocol.trace != types.TraceValue.Off:
            self._server.protocol.notify(types.LOG_TRACE, types.LogTraceParams(message))

    def warn(self, problems: Iterable[str]) -> None:
        """Show what is wrong with the editor's own settings; there is no file to mark it in."""
        for problem in problems:
            message = f"In the editor's settings for PipeSense: {problem}"
            self._server.window_show_message(types.ShowMessageParams(types.MessageType.Warning, message))

    def _ask(self, method: str, params: Any) -> Future[Any]:
        return self._server.protocol.send_request(method, params)
