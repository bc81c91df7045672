"""A server on this host that takes messages, refuses them or does not answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "s3cr3t-t0ken"


@dataclass
class Listening:
    """What came, and how it is answered.

    Parameters
    ----------
    code : of the answer.
    hold : set where the answer may be given.
    """

    port: int = 0
    code: int = 200
    hold: threading.Event = field(default_factory=threading.Event)
    got: list[dict[str, Any]] = field(default_factory=list)

    @property
    def address(self) -> str:
        """As apprise writes it."""
        return f"json://ann:{SECRET}@127.0.0.1:{self.port}/{SECRET}"


@contextmanager
def listening() -> Iterator[Listening]:
    """Listen while the block runs."""
    heard = Listening()
    heard.hold.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            heard.hold.wait(10)
            if heard.code == 200:
                heard.got.append(document)
            self.send_response(heard.code)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nobody asked."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    heard.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield heard
    finally:
        heard.hold.set()
        server.shutdown()
        server.server_close()
        thread.join()
