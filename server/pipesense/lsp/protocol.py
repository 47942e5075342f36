"""pygls' protocol with PipeSense's own text sync, lifecycle and error answers.

Facts about pygls 2.1 that decide what is overridden here: its documents break lines at form feeds, NEL and
U+2028 and clamp positions wrongly, so texts diverge from the editor's; notifications served by its generator
methods leave a future behind for ever; an exception in a notification becomes a pop-up; an internal error's
answer carries a traceback with the user's paths; a request that cannot be read is never answered.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInternalError, JsonRpcInvalidParams
from pygls.protocol import LanguageServerProtocol, lsp_method

from pipesense.lsp.framing import Garbage
from pipesense.lsp.inbox import EndOfInput, Inbox

_log = logging.getLogger(__name__)

_PARSE_ERROR: Final = -32700
_INVALID_REQUEST: Final = -32600
_METHOD_NOT_FOUND: Final = -32601
_INVALID_PARAMS: Final = -32602
_INTERNAL_ERROR: Final = -32603
_NOT_INITIALIZED: Final = -32002
_REQUEST_CANCELLED: Final = -32800
REQUEST_FAILED: Final = -32803


@dataclass(frozen=True, slots=True)
class ReadyJson:
    """A result that is JSON text (ASCII) already and is sent as it is."""

    text: str


class PipeSenseProtocol(LanguageServerProtocol):
    """One connection. ``on_exit`` must be set before the first message; it hears the exit code."""

    on_exit: Callable[[int], None]
    inbox: Inbox

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._initialized = False

    # --- what comes in ---------------------------------------------------------------------------

    def receive(self, frame: object) -> None:
        """Handle one thing that came in. Whatever it is, it is answered or logged and never raises."""
        if isinstance(frame, EndOfInput):
            self.on_exit(0 if self._shutdown else 1)
        elif isinstance(frame, Garbage):
            self._not_a_message(
                _PARSE_ERROR, f"PipeSense cannot read {frame.reason}; it goes on with the next message."
            )
        elif not isinstance(frame, dict):
            self._not_a_message(_INVALID_REQUEST, "A message must be a JSON object.")
        else:
            self._receive_object(frame)

    def _receive_object(self, data: dict[str, Any]) -> None:
        number, method = data.get("id"), data.get("method")
        is_bad_id = "id" in data and (isinstance(number, bool) or not isinstance(number, (int, str)))
        if is_bad_id and method is None:
            _log.warning("The client says: %s", data.get("error"))
        elif is_bad_id:
            self._not_a_message(_INVALID_REQUEST, "The id of a request must be a number or a string.")
        elif data.get("jsonrpc") != self.VERSION:
            self._not_a_message(_INVALID_REQUEST, 'A message must say "jsonrpc": "2.0".', number)
        elif method is None:
            self._receive_response(data)
        elif not isinstance(method, str):
            self._not_a_message(_INVALID_REQUEST, "The method of a message must be a string.", number)
        elif not self._out_of_turn(number, method):
            self._receive_call(data, number, method)

    def _out_of_turn(self, number: int | str | None, method: str) -> bool:
        """Whether a message may not come now; a request is told so, a notification is dropped."""
        if method == types.CANCEL_REQUEST or method == types.EXIT:
            return False
        if self._shutdown:
            self._refuse(number, _INVALID_REQUEST, "The server was asked to shut down and takes no more requests.")
            return True
        if self._initialized == (method == types.INITIALIZE):
            late = "initialize was sent a second time."
            early = "initialize must be the first request."
            self._refuse(
                number,
                _INVALID_REQUEST if self._initialized else _NOT_INITIALIZED,
                late if self._initialized else early,
            )
            return True
        if number is not None and self.inbox.is_cancelled(number):
            self._refuse(number, _REQUEST_CANCELLED, "The request was cancelled.")
            return True
        return False

    def _receive_call(self, data: dict[str, Any], number: int | str | None, method: str) -> None:
        handler = self.fm.builtin_features.get(method) or self.fm.features.get(method)
        if handler is None and method != types.CANCEL_REQUEST:
            self._refuse(number, _METHOD_NOT_FOUND, f"PipeSense does not know the method {method}.")
            return
        try:
            message = self._structured(data, method)
        except JsonRpcInvalidParams:
            self._refuse(number, _INVALID_PARAMS, f"The parameters of {method} are not as the protocol says.")
            return
        except JsonRpcException:
            self._refuse(number, _INVALID_REQUEST, f"The message {method} cannot be read.")
            return
        if method == types.INITIALIZE:
            self._initialized = True
        if number is not None:
            self.handle_message(message)
        elif method == types.CANCEL_REQUEST:
            self.inbox.cancellation_done(message.params.id)
            self._cancel(message.params.id)
        elif handler is not None:
            self._notified(handler, method, getattr(message, "params", None))

    def _structured(self, data: dict[str, Any], method: str) -> Any:
        try:
            return self.structure_message(data)
        except JsonRpcException:
            if method != types.INITIALIZE or not isinstance(data.get("params"), dict):
                raise
            # A client newer than lsprotocol may announce what it does not know; that must not keep it out.
            data["params"]["capabilities"] = self._understood(data["params"].get("capabilities"))
            return self.structure_message(data)

    def _understood(self, capabilities: object) -> dict[str, Any]:
        """The capabilities without those entries that cannot be read."""
        understood: dict[str, Any] = {}
        for group, entries in capabilities.items() if isinstance(capabilities, dict) else ():
            if not isinstance(entries, dict):
                continue
            for name, value in entries.items():
                try:
                    self._converter.structure({group: {name: value}}, types.ClientCapabilities)
                except Exception:  # noqa: BLE001 (whatever a hook says: this one entry is left out)
                    _log.info("The client capability %s.%s cannot be read and counts as absent", group, name)
                else:
                    understood.setdefault(group, {})[name] = value
        return understood

    def _receive_response(self, data: dict[str, Any]) -> None:
        """The client's answer to a request of ours."""
        number = data.get("id")
        if number is None:
            return
        waiting = self._request_futures.get(number)
        if waiting is None or waiting.done():
            _log.debug("An answer to no question: %s", number)
            self._request_futures.pop(number, None)
            self._result_types.pop(number, None)
            return
        try:
            self.handle_message(self.structure_message(data))
        except JsonRpcException as error:
            self._request_futures.pop(number, None)
            waiting.set_exception(error)

    def _notified(self, handler: Callable[[Any], object], method: str, params: Any) -> None:
        try:
            handler(params)
        except Exception as error:  # noqa: BLE001 (the one place where a notification may fail)
            _log.exception("%s failed", method)
            self._server.report_server_error(error, JsonRpcInternalError)

    def _cancel(self, number: int | str) -> None:
        future = self._request_futures.get(number)
        if future is not None and not future.done():
            future.cancel()

    # --- what goes out ---------------------------------------------------------------------------

    def _refuse(self, number: int | str | None, code: int, message: str) -> None:
        """Answer a request with an error; a notification has no answer and is only logged."""
        if number is None:
            _log.info("%s", message)
        else:
            self._not_a_message(code, message, number)

    def _not_a_message(self, code: int, message: str, number: int | str | None = None) -> None:
        """Answer what cannot be understood; without ``number`` nobody can say what the answer belongs to."""
        _log.warning("%s", message)
        error = {"code": code, "message": message}
        self.send_text(json.dumps({"jsonrpc": self.VERSION, "id": number, "error": error}))

    def send_text(self, body: str) -> None:
        """Send a message that is JSON text (ASCII) already."""
        if self.writer is not None:
            self.writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body.encode("ascii")))

    def _send_response(self, msg_id: Any, result: Any = None, error: types.ResponseError | None = None) -> None:
        if isinstance(result, ReadyJson):
            self.send_text(f'{{"jsonrpc":"2.0","id":{json.dumps(msg_id)},"result":{result.text}}}')
            return
        if error is not None and isinstance(error.data, Mapping) and "traceback" in error.data:
            kind = error.message.partition(":")[0]
            _log.error("A request failed: %s\n%s", error.message, "".join(error.data["traceback"]))
            error = types.ResponseError(
                _INTERNAL_ERROR, f"PipeSense could not answer this request ({kind}). Its log says more."
            )
        super()._send_response(msg_id, result, error)

    @property
    def open_requests(self) -> int:
        """How many requests in either direction are not answered yet."""
        return len(self._request_futures)

    # --- lifecycle -------------------------------------------------------------------------------
    # What pygls writes as generators is run with a future each; plain functions need none.

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Generator[Any, Any, types.InitializeResult]:
        """Answer with what the server can do, without the empty promises that pygls adds."""
        result = yield from super().lsp_initialize(params)
        result.capabilities.execute_command_provider = None
        if result.capabilities.workspace is not None:
            result.capabilities.workspace.file_operations = None
        return result

    @lsp_method(types.INITIALIZED)
    def lsp_initialized(self, *arguments: Any) -> None:
        """The client has read our capabilities."""
        self._hand_on(types.INITIALIZED)

    @lsp_method(types.SHUTDOWN)
    def lsp_shutdown(self, *arguments: Any) -> None:  # type: ignore[override]
        """Prepare the end: nothing but ``exit`` is accepted from now on."""
        self._hand_on(types.SHUTDOWN)
        for number, future in list(self._request_futures.items()):
            if number != self.msg_id and not future.done():
                future.cancel()
        self._shutdown = True

    @lsp_method(types.EXIT)
    def lsp_exit(self, *arguments: Any) -> None:  # type: ignore[override]
        """End the process: with 0 after ``shutdown``, with 1 without it."""
        self.on_exit(0 if self._shutdown else 1)

    @lsp_method(types.SET_TRACE)
    def lsp_set_trace(self, params: types.SetTraceParams) -> None:  # type: ignore[override]
        """Trace more or less from now on."""
        self.trace = params.value

    @lsp_method(types.WINDOW_WORK_DONE_PROGRESS_CANCEL)
    def lsp_work_done_progress_cancel(self, params: types.WorkDoneProgressCancelParams) -> None:
        """Our progress bars offer no cancel button; a client that has one cancels nothing."""

    @lsp_method(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def lsp_workspace__did_change_workspace_folders(self, params: types.DidChangeWorkspaceFoldersParams) -> None:
        """Folders came or went."""
        self._hand_on(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, params)

    # --- text sync: the engine's documents are the only ones -------------------------------------

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        """A document is the client's from now on."""
        self._hand_on(types.TEXT_DOCUMENT_DID_OPEN, params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        """A document's text changed."""
        self._hand_on(types.TEXT_DOCUMENT_DID_CHANGE, params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        """A document is what the disk says from now on."""
        self._hand_on(types.TEXT_DOCUMENT_DID_CLOSE, params)

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_OPEN)
    def lsp_notebook_document__did_open(self, params: types.DidOpenNotebookDocumentParams) -> None:
        """Notebooks are not announced as supported; a client that sends them anyway is not answered."""

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def lsp_notebook_document__did_change(self, params: types.DidChangeNotebookDocumentParams) -> None:
        """See ``lsp_notebook_document__did_open``."""

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def lsp_notebook_document__did_close(self, params: types.DidCloseNotebookDocumentParams) -> None:
        """See ``lsp_notebook_document__did_open``."""

    def _hand_on(self, method: str, *arguments: Any) -> None:
        handler = self.fm.features.get(method)
        if handler is not None:
            handler(*arguments)


def cancelled() -> JsonRpcException:
    """The answer to a request that the client cancelled while it waited."""
    return JsonRpcException("The request was cancelled.", _REQUEST_CANCELLED)


def failed(why: str) -> JsonRpcException:
    """The answer to a request that is right but cannot be carried out, with a sentence for people."""
    return JsonRpcException(why, REQUEST_FAILED)
