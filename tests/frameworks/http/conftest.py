"""What the proofs ran on, and a service that fails, hangs and refuses as it is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

import pytest


class Service:
    """``answers`` are the statuses of the next requests (the last one for all that follow); 0 is no answer at all."""

    def __init__(self) -> None:
        self.answers = [200]
        self.asked = 0
        self.over = threading.Event()
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status = service.answers[min(service.asked, len(service.answers) - 1)]
                service.asked += 1
                if status == 0:
                    service.over.wait(60)
                    return
                body = b"42" if status == 200 else b"<html>Not today</html>"
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *words: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/orders"


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    yield made
    made.over.set()
    made.server.shutdown()
    made.server.server_close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    told = ", ".join(f"{name} {version(name)}" for name in ("requests", "httpx", "tenacity"))
    terminalreporter.write_line(f"proven on {told}")
