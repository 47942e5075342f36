"""A web server on this machine that answers 503 a few times before it answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


class Flaky:
    """``calls`` counts the requests; the first ``failures`` of them get 503."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.calls = 0
        self.url = ""


@contextmanager
def flaky_server(failures: int) -> Iterator[Flaky]:
    """The server while it runs."""
    state = Flaky(failures)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.calls += 1
            self.send_response(503 if state.calls <= state.failures else 200)
            self.end_headers()
            self.wfile.write(b"[]")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}/"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
