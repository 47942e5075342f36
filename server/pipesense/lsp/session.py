"""One client's session: what each message of the protocol means for the engine."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from pipesense.engine.features.learned import AT_ONCE
from pipesense.engine.report import InternalError
from pipesense.host.discovery import project_root
from pipesense.lsp import parent
from pipesense.lsp.about import About
from pipesense.lsp.actions import CannotApply
from pipesense.lsp.capabilities import ClientProfile, encoding_of
from pipesense.lsp.client import Client
from pipesense.lsp.completions import Completions
from pipesense.lsp.core import Core, make_core
from pipesense.lsp.documents import Documents, OpenDocument, path_of
from pipesense.lsp.features import LanguageFeatures
from pipesense.lsp.guided import Guided
from pipesense.lsp.hovers import markup
from pipesense.lsp.navigation import Navigation
from pipesense.lsp.progress import IndexProgress
from pipesense.lsp.protocol import ReadyJson, failed
from pipesense.lsp.results import Pulled
from pipesense.lsp.settings import SECTION, Settings, section_in
from pipesense.text.encoding import PositionEncoding
from pipesense.text.span import Span

if TYPE_CHECKING:
    from pipesense.engine.workspace import Workspace

_log = logging.getLogger(__name__)

MakeWorkspace = Callable[[Callable[[InternalError], None]], "Workspace"]

_INDEX_DELAY: Final = 0.02
"""Seconds between ``initialized`` and the first look at the folders: the first open document comes before."""


class Session:
    """Connects the protocol with the engine, which is made when it is first needed."""

    def __init__(self, client: Client, make_workspace: MakeWorkspace) -> None:
        self.documents = Documents()
        self.profile = ClientProfile()
        self.settings = Settings()
        self._encoding = PositionEncoding.UTF16
        self._client = client
        self._make_workspace = make_workspace
        self._progress: IndexProgress | None = None
        self._core: Core | None = None
        self._roots: list[str] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._frozen = False
        self._problems: tuple[tuple[str, int, str], ...] = ()
        place = (self._up_to_date, lambda: self.core, lambda: self._encoding)
        self.features = LanguageFeatures(*place, self.documents.uri)
        self.navigation = Navigation(*place, self.documents.uri)
        self.completions = Completions(*place)
        self.about = About(*place[:2])
        self.guided = Guided(*place)

    @property
    def core(self) -> Core:
        """The engine, made now if it was not needed before."""
        if self._core is None:
            self._core = self._make_core()
        return self._core

    def flush(self) -> None:
        """The queue of messages is empty: analyse what was edited."""
        if self._core is not None:
            self._core.scheduler.flush()

    # --- lifecycle -------------------------------------------------------------------------------

    def initialize(self, params: types.InitializeParams, encoding: str) -> None:
        """Read what the client can do and what it wants."""
        self.profile = ClientProfile.of(params.capabilities)
        self._encoding = encoding_of(encoding)
        options = params.initialization_options
        if isinstance(options, Mapping):
            self.settings = Settings.read(options.get("settings", options.get(SECTION, options)))
        folders = [folder.uri for folder in params.workspace_folders or ()]
        if not folders:
            folders = [each for each in (params.root_uri, _as_uri(params.root_path)) if each is not None][:1]
        self._roots = [path for uri in folders if (path := path_of(uri)) is not None]
        # A process that is not there now has its number from another machine or container.
        if params.process_id is not None and parent.is_alive(params.process_id):
            self._start(parent.watch(params.process_id, self._client.lost))

    def initialized(self) -> None:
        """Ask for settings and file events, then begin with the workspace."""
        self._client.register(self.profile)
        if self.profile.configuration:
            self._start(self._ask_for_settings())
        asyncio.get_running_loop().call_later(_INDEX_DELAY, self._index)

    def shutdown(self) -> None:
        """Stop all work."""
        for task in list(self._tasks):
            task.cancel()
        if self._core is not None:
            self._core.scheduler.stop()
            self._core.results.stop()

    # --- documents -------------------------------------------------------------------------------

    def opened(self, params: types.DidOpenTextDocumentParams) -> None:
        """The client's text counts from now on."""
        item = params.text_document
        document = self.documents.opened(item.uri, item.language_id, item.version)
        if document.is_read:
            self._add_project_of(document.path)
            self.core.workspace.open(document.path, item.text)
            self.core.scheduler.opened(document.path)

    def changed(self, params: types.DidChangeTextDocumentParams) -> None:
        """Apply the changes, in order; they are analysed once, later."""
        document = self.documents.get(params.text_document.uri)
        if document is None:
            _log.warning("A change of a document that is not open: %s", params.text_document.uri)
            return
        document.version = params.text_document.version
        if not document.is_read:
            return
        workspace = self.core.workspace
        for change in params.content_changes:
            place = getattr(change, "range", None)
            start = (place.start.line, place.start.character) if place is not None else None
            end = (place.end.line, place.end.character) if place is not None else None
            workspace.change(document.path, start, end, change.text, self._encoding)
        self.core.scheduler.edited(document.path)

    def closed(self, params: types.DidCloseTextDocumentParams) -> None:
        """The file on disk counts again."""
        document = self.documents.closed(params.text_document.uri)
        if document is not None and document.is_read:
            self.core.workspace.close(document.path)
            self.core.results.closed(document)
            self.core.scheduler.forget(document.path)

    def saved(self, params: types.DidSaveTextDocumentParams) -> None:
        """A file on disk is new; that of an open document says what the client said already."""
        path = self.documents.path(params.text_document.uri)
        document = self.documents.get(params.text_document.uri)
        if path is not None and (document is None or not document.is_read):
            self._touched([path])

    # --- the workspace ---------------------------------------------------------------------------

    def files_changed(self, params: types.DidChangeWatchedFilesParams) -> None:
        """Files on disk came, went or changed."""
        paths = [path for event in params.changes if (path := path_of(event.uri)) is not None]
        self._touched(paths)

    def folders_changed(self, params: types.DidChangeWorkspaceFoldersParams) -> None:
        """Folders joined or left the workspace."""
        for folder in params.event.removed:
            path = path_of(folder.uri)
            if path is not None and path in self._roots:
                self._roots.remove(path)
                self.core.results.changed(self.core.workspace.remove_root(path))
        for folder in params.event.added:
            path = path_of(folder.uri)
            if path is not None and path not in self._roots:
                self._roots.append(path)
                self.core.workspace.add_root(path, project_root(path))
        self.core.scheduler.kick()

    def configured(self, params: types.DidChangeConfigurationParams) -> None:
        """Settings changed; the client sends them along, or waits to be asked."""
        section = section_in(params.settings)
        if section is not None:
            self._use(Settings.read(section))
        elif self.profile.configuration:
            self._start(self._ask_for_settings())

    def _touched(self, paths: list[str]) -> None:
        if paths:
            gone = self.core.workspace.touched(paths)
            if gone:
                self.core.results.changed(gone)
            self.core.scheduler.kick()

    def _index(self) -> None:
        for root in self._roots:
            self.core.workspace.add_root(root)
        self.core.scheduler.kick()

    def _add_project_of(self, path: str) -> None:
        """Without a folder, a file's own project is the workspace, as it is for the command line."""
        if not self._roots:
            root = project_root(path)
            if root is not None:
                self._roots.append(root)
                self.core.workspace.expect_root(root)
                asyncio.get_running_loop().call_later(_INDEX_DELAY, self._index)

    async def _ask_for_settings(self) -> None:
        try:
            section = await self._client.configuration(SECTION)
        except JsonRpcException as error:
            _log.info("The client does not tell its settings: %s", error)
            return
        self._use(Settings.read(section))

    def _use(self, settings: Settings) -> None:
        """Settings hold from now on, without a restart."""
        if settings == self.settings:
            return
        core = self.core
        overrides_changed = settings.overrides != self.settings.overrides
        self.settings = settings
        core.writer.documentation = settings.documentation
        if overrides_changed:
            self._client.warn(core.workspace.reconfigure(settings.overrides))
            for document in self.documents:
                if document.is_read:
                    core.workspace.analyse(document.path)
        core.results.reset(settings.mode)
        core.scheduler.kick()

    # --- requests --------------------------------------------------------------------------------

    def hover(self, params: types.HoverParams) -> types.Hover | None:
        """What stands at a place."""
        document = self._up_to_date(params.text_document.uri)
        buffer = self.core.workspace.text(document.path) if document is not None else None
        if document is None or buffer is None:
            return None
        place = params.position
        offset = buffer.lines.client_offset(place.line, place.character, self._encoding)
        found = self.core.workspace.hover(document.path, offset)
        if found is None:
            return None
        return types.Hover(markup(found.markdown, self.profile.markdown), self.core.edits.range(found.span, buffer))

    def code_actions(self, params: types.CodeActionParams) -> list[types.CodeAction]:
        """What can be done about the findings at a place."""
        document = self._up_to_date(params.text_document.uri)
        buffer = self.core.workspace.text(document.path) if document is not None else None
        if document is None or buffer is None or not self.profile.action_literals:
            return []
        start, end = params.range.start, params.range.end
        span = Span(
            buffer.lines.client_offset(start.line, start.character, self._encoding),
            buffer.lines.client_offset(end.line, end.character, self._encoding),
        )
        return self.core.actions.listed(document.path, span, params.context)

    def resolve_action(self, action: types.CodeAction) -> types.CodeAction:
        """An action that was listed before, now with its edit."""
        uri = action.data.get("uri") if isinstance(action.data, Mapping) else None
        document = self._up_to_date(uri) if isinstance(uri, str) else None
        if document is None:
            raise failed("The document of this action is not open any more.")
        try:
            return self.core.actions.resolve(action, document.path)
        except CannotApply as refused:
            raise failed(str(refused)) from None

    def document_diagnostics(self, params: types.DocumentDiagnosticParams) -> ReadyJson:
        """The findings of one file."""
        return self._pulled().document(params, self.core.scheduler)

    async def workspace_diagnostics(self, params: types.WorkspaceDiagnosticParams) -> ReadyJson:
        """The findings of all other files, as soon as there is something new."""
        return await self._pulled().whole_workspace(params)

    def _pulled(self) -> Pulled:
        results = self.core.results
        if not isinstance(results, Pulled):
            raise failed("This client gets its diagnostics without asking.")
        return results

    def _up_to_date(self, uri: str) -> OpenDocument | None:
        document = self.documents.get(uri)
        if document is None or not document.is_read:
            return None
        self.core.scheduler.fresh(document.path)
        return document

    # --- what the scheduler reports --------------------------------------------------------------

    def _on_edited(self, path: str) -> None:
        self.core.results.edited(path)
        self._client.trace(f"{path} was analysed: {len(self.core.workspace.findings(path))} findings")

    def _on_changed(self, paths: frozenset[str]) -> None:
        self.core.results.changed(paths)

    def _on_idle(self) -> None:
        if self._progress is not None:
            self._progress.idle()
        core = self.core
        core.results.idle()
        self._learn()
        problems = core.workspace.configuration_problems()
        if problems != self._problems:
            changed = frozenset(path for path, _, _ in (*problems, *self._problems))
            self._problems = problems
            core.results.changed(changed)
        if not self._frozen:
            # What the first index left behind stays; the collector need not walk it again and again.
            self._frozen = True
            gc.collect()
            gc.freeze()

    def _learn(self) -> None:
        """What open files say of how columns are used, in small steps: a key must not wait for it."""
        if self.core.workspace.features.learned.refresh(AT_ONCE):
            asyncio.get_running_loop().call_later(_INDEX_DELAY, self._learn)

    def _on_working(self, done: int, total: int) -> None:
        if self._progress is not None:
            self._progress.working(done, total)

    # --- helpers ---------------------------------------------------------------------------------

    def _make_core(self) -> Core:
        workspace = self._make_workspace(self._client.internal_error)
        workspace.features.learned.wanted = self.profile.completion
        for root in self._roots:
            workspace.expect_root(root, project_root(root))
        if self.settings.overrides:
            self._client.warn(workspace.reconfigure(self.settings.overrides))
        if self.profile.progress:
            self._progress = IndexProgress(self._client)
        listener = _Listener(self._on_edited, self._on_changed, self._on_working, self._on_idle)
        place = (workspace, listener, self._client, self.documents, self.profile, self._encoding)
        return make_core(*place, self.settings.documentation, self.settings.mode)

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


@dataclass(frozen=True, slots=True)
class _Listener:
    """The session's ears for the scheduler."""

    edited: Callable[[str], None]
    changed: Callable[[frozenset[str]], None]
    working: Callable[[int, int], None]
    idle: Callable[[], None]


def _as_uri(path: str | None) -> str | None:
    from pygls import uris

    return uris.from_fs_path(path) if path is not None else None
