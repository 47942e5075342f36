"""A running server: the event loop, the queue of messages, and which handler gets which."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from lsprotocol import types
from pygls.exceptions import FeatureRequestError
from pygls.lsp.server import LanguageServer
from pygls.protocol import default_converter

from pipesense.lsp import about, guided
from pipesense.lsp.capabilities import ClientProfile, code_action_options, completion_options, diagnostic_options
from pipesense.lsp.client import Client
from pipesense.lsp.features import LEGEND
from pipesense.lsp.inbox import Inbox
from pipesense.lsp.protocol import PipeSenseProtocol
from pipesense.lsp.reading import Watched, start_reading
from pipesense.lsp.session import MakeWorkspace, Session
from pipesense.lsp.transport import Channel, Writer

_log = logging.getLogger(__name__)

_BATCH: Final = 256
"""So many messages are handled in a row before edited documents are analysed at the latest."""


class PipeSenseServer(LanguageServer):
    """pygls' server without its transport, its documents and its pop-ups."""

    protocol: PipeSenseProtocol

    def __init__(self, version: str) -> None:
        super().__init__("PipeSense", version, protocol_cls=PipeSenseProtocol, converter_factory=default_converter)
        self.tell: Callable[[str], None] = _log.error

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log what went wrong. An error in a request was told in its answer already."""
        if source is not FeatureRequestError:
            self.tell(f"PipeSense failed on a message ({type(error).__name__}); it goes on with the next one.")


class Connection:
    """One client, from its first byte to the exit code."""

    def __init__(self, channel: Channel, make_workspace: MakeWorkspace, version: str) -> None:
        self._channel = channel
        self._loop = asyncio.get_running_loop()
        self._done: asyncio.Future[int] = self._loop.create_future()
        self._watched = Watched(*channel.descriptors) if channel.descriptors else None
        self.inbox = Inbox(self._wake, self._watched.arrived) if self._watched else Inbox(self._wake)
        self.writer = Writer(channel.write, self._take_in)
        self.server = PipeSenseServer(version)
        protocol = self.server.protocol
        protocol.set_writer(self.writer)
        protocol.inbox = self.inbox
        protocol.on_exit = self._exit
        client = Client(self.server, lambda: self._exit(1))
        self.server.tell = client.tell
        self.session = Session(client, make_workspace)
        _add_features(self.server, self.session)

    async def run(self) -> int:
        """Serve until the client leaves; the exit code."""
        if self._channel.descriptors:
            source, _ = self._channel.descriptors
            self._loop.add_reader(source, self._drain)
            code = await self._done
            self._loop.remove_reader(source)
        else:
            start_reading(self._channel.read, self.inbox)
            code = await self._done
        self.session.shutdown()
        self.writer.close()
        return code

    def _take_in(self) -> None:
        if self._watched:
            self._watched.take_in_until_writable(self.inbox)

    def _wake(self) -> None:
        """Called when something came that the loop did not see, maybe by a reading thread.

        After the end nobody listens any more.
        """
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._drain)

    def _drain(self) -> None:
        """Handle what is in the queue, then analyse what was edited."""
        for _ in range(_BATCH):
            if not self.inbox.has_more():
                break
            self.server.protocol.receive(self.inbox.take())
            if self._done.done():
                return
        else:
            self._loop.call_soon(self._drain)
        self.session.flush()

    def _exit(self, code: int) -> None:
        if not self._done.done():
            self._done.set_result(code)


def _add_features(server: LanguageServer, session: Session) -> None:
    """Register the handlers. What depends on the client's abilities is added when they are known.

    pygls puts attributes on a handler, which a bound method does not take; a partial does.
    """

    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        encoding = server.workspace.position_encoding
        session.initialize(params, str(getattr(encoding, "value", encoding)))
        _add_optional_features(server, session, session.profile)

    server.feature(types.INITIALIZED)(partial(session.initialized))
    server.feature(types.SHUTDOWN)(partial(session.shutdown))
    server.feature(types.TEXT_DOCUMENT_DID_OPEN)(partial(session.opened))
    server.feature(types.TEXT_DOCUMENT_DID_CHANGE)(partial(session.changed))
    server.feature(types.TEXT_DOCUMENT_DID_CLOSE)(partial(session.closed))
    server.feature(types.TEXT_DOCUMENT_DID_SAVE, types.SaveOptions(include_text=False))(partial(session.saved))
    server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)(partial(session.files_changed))
    server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)(partial(session.folders_changed))
    server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)(partial(session.configured))
    server.feature(types.TEXT_DOCUMENT_HOVER)(partial(session.hover))
    own = {
        about.STATUS: session.about.status,
        about.RULES: session.about.rules,
        about.PAGE: session.about.page,
        guided.TABLES: session.guided.tables,
        guided.CHECK_PLAN: session.guided.check_plan,
        guided.INSERT_CHECKS: session.guided.insert_checks,
        guided.TASKS: session.guided.tasks,
        guided.SET_RETRIES: session.guided.set_retries,
    }
    for method, handler in own.items():
        server.feature(method)(partial(handler))


def _add_optional_features(server: LanguageServer, session: Session, profile: ClientProfile) -> None:
    if profile.action_literals:
        server.feature(types.TEXT_DOCUMENT_CODE_ACTION, code_action_options(profile))(partial(session.code_actions))
        if profile.resolve_edit:
            server.feature(types.CODE_ACTION_RESOLVE)(partial(session.resolve_action))
    if profile.pull:
        server.feature(types.TEXT_DOCUMENT_DIAGNOSTIC, diagnostic_options())(partial(session.document_diagnostics))
        server.feature(types.WORKSPACE_DIAGNOSTIC)(partial(session.workspace_diagnostics))
    features = session.features
    if profile.outline:
        server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)(partial(features.symbols))
    if profile.folding:
        server.feature(types.TEXT_DOCUMENT_FOLDING_RANGE)(partial(features.folding))
    if profile.lenses:
        server.feature(types.TEXT_DOCUMENT_CODE_LENS, types.CodeLensOptions())(partial(features.lenses))
    if profile.links:
        server.feature(types.TEXT_DOCUMENT_DOCUMENT_LINK, types.DocumentLinkOptions())(partial(features.links))
    if profile.completion:
        server.feature(types.TEXT_DOCUMENT_COMPLETION, completion_options())(partial(session.completions.asked))
    if profile.colours:
        server.feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, LEGEND)(partial(features.tokens))
        server.feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_RANGE, LEGEND)(partial(features.tokens_in))
    _add_names(server, session, profile)


def _add_names(server: LanguageServer, session: Session, profile: ClientProfile) -> None:
    names = session.navigation
    if profile.definition:
        server.feature(types.TEXT_DOCUMENT_DEFINITION)(partial(names.definition))
    if profile.references:
        server.feature(types.TEXT_DOCUMENT_REFERENCES)(partial(names.references))
    if profile.highlights:
        server.feature(types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT)(partial(names.highlights))
    if profile.rename:
        options = types.RenameOptions(prepare_provider=profile.prepare_rename)
        server.feature(types.TEXT_DOCUMENT_RENAME, options)(partial(names.rename))
        if profile.prepare_rename:
            server.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)(partial(names.prepare_rename))


def run(channel: Channel, make_workspace: MakeWorkspace, version: str) -> int:
    """Serve one client and return the exit code."""
    # Everything that pygls would log as an error is answered or logged by PipeSenseProtocol, and shorter.
    logging.getLogger("pygls").setLevel(logging.CRITICAL)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    # The reading thread gets its turn in half a millisecond while the loop computes.
    sys.setswitchinterval(0.0005)
    gc.freeze()
    # A key leaves about a thousand objects that only the collector can free; they must not wait for ever, but
    # not every key may wait for them either. The scheduler collects when an editor rests.
    gc.set_threshold(100_000, 3, 5)

    async def serve() -> int:
        return await Connection(channel, make_workspace, version).run()

    try:
        return asyncio.run(serve())
    except KeyboardInterrupt:
        return 130
