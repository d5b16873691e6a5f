"""The listener of metrics: GET /metrics over HTTP, in a thread of the jobs process.

Owns   the socket and its one thread. A scrape asks the owner for its figures and reads what waits from the rows, with
       an answer kept for KEEP_SECONDS: however often somebody asks, the owner is asked that seldom.
Knows  no metric (admin.metrics).

prometheus-client makes the text, the standard library's WSGI server carries it: one request at a time is enough for a
scraper, and a client that says nothing is dropped after CLIENT_SECONDS. A fault is a 500 to the scraper.
"""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from socketserver import TCPServer
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from ..mta.clock import Clock
from ..queue.inbound.inbound_reading import reading_inbound
from ..queue.reading import NoQueue
from .config import Config
from .metrics import CONTENT_TYPE, Scene, exposition, file_sizes
from .panorama import gather
from .returns.fate_reading import of_all
from .suppression.counting import by_reason

KEEP_SECONDS = 1.0
CLIENT_SECONDS = 5.0
_log = logging.getLogger("youtong.metrics")
StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class Scraped:
    """A WSGI application over whatever makes the text; its answer is kept for a moment."""

    def __init__(self, make: Callable[[], bytes], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._make, self._monotonic = make, monotonic
        self._text, self._made = b"", float("-inf")

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") not in ("/metrics", "/metrics/"):
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"metrics are at /metrics\n"]
        try:
            text = self._fresh()
        except Exception:  # noqa: BLE001 - the bulkhead of a scrape: the next one may do better
            _log.exception("metrics could not be read")
            start_response("500 Internal Server Error", [("Content-Type", "text/plain")])
            return [b"the figures cannot be read now\n"]
        start_response("200 OK", [("Content-Type", CONTENT_TYPE), ("Content-Length", str(len(text)))])
        return [text]

    def _fresh(self) -> bytes:
        now = self._monotonic()
        if now - self._made >= KEEP_SECONDS:
            self._text, self._made = self._make(), now
        return self._text


class _Handler(WSGIRequestHandler):
    timeout = CLIENT_SECONDS

    def log_message(self, format: str, *args: Any) -> None:
        """Scrapes are not news."""


class _Server(WSGIServer):
    def server_bind(self) -> None:
        """As HTTPServer's, which would ask the name system who we are."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "localhost", self.socket.getsockname()[1]
        self.setup_environ()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away in the middle."""


class _Server6(_Server):
    address_family = socket.AF_INET6


class MetricsListener:
    """Serves from `start` to `stop`; `port` is the bound one."""

    def __init__(self, host: str, port: int, application: Scraped) -> None:
        """Binds. Raises OSError."""
        server_class = _Server6 if ":" in host else _Server
        self._server = make_server(host, port, application, server_class, _Handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.2,), name="metrics", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def scrape(config: Config, clock: Clock) -> bytes:
    """What there is to say now. Raises StorageError, StoreError."""
    data_dir = config.server.data_dir
    app_db = data_dir / "app.db"
    fates, suppressed = of_all(app_db), by_reason(app_db)
    return exposition(Scene(gather(config, {}, clock), file_sizes(data_dir), fates, suppressed, _unread(data_dir)))


def _unread(data_dir: Path) -> int | None:
    try:
        with reading_inbound(data_dir) as reader:
            return reader.count_unread()
    except NoQueue:
        return None
