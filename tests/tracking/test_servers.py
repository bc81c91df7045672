"""Tracking servers on this machine: one that works, and those that are slow, mute or broken."""

from __future__ import annotations

import http.server
import ipaddress
import socket
import ssl
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from churnscope.config.models import Tracking
from churnscope.errors import ServiceError
from churnscope.tracking import LoggedRun, Tracker
from churnscope.tracking import tracker as module

RUN = LoggedRun("train:1", "training", 1_000, metrics={"auroc": 0.7}, artifacts={"figures.json": b"{}"})


@contextmanager
def server_that(answer, certificate=None):
    """The address of a server whose every request `answer` deals with."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            answer(self)

        do_POST = do_PUT = do_GET

        def log_message(self, *_):
            """Quietly."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.block_on_close = True, False
    server.handle_error = lambda *_: None  # clients that turn away are what is tested
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http{'s' if certificate else ''}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def says(status, body):
    def answer(request):
        request.send_response(status)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return answer


def logged_to(uri, outputs, **settings):
    tracker = Tracker(Tracking(uri=uri, **settings), outputs, "shop")
    started = time.monotonic()
    return tracker, tracker.log(RUN), time.monotonic() - started


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (says(500, b"oh"), "too many 500 error responses"),
        (says(503, b"oh"), "too many 503 error responses"),
        (says(403, b"oh"), "403"),
        (says(200, b"<html>Please log in</html>"), "JSON"),
    ],
)
def test_a_broken_server_keeps_the_run(answer, reason, tmp_path):
    with server_that(answer) as uri:
        tracker, tracked, _ = logged_to(uri, tmp_path)
    assert tracked.state == "pending"
    assert reason in tracked.reason
    assert len(tracker.waiting()) == 1


def test_a_server_without_a_certificate_we_trust_is_told_nothing(tmp_path):
    asked = []
    with server_that(asked.append, self_signed(tmp_path)) as uri:
        _, tracked, _ = logged_to(uri, tmp_path)
    assert tracked.state == "pending"
    assert "self-signed certificate" in tracked.reason
    assert asked == []


def self_signed(folder):
    """A certificate for 127.0.0.1 that nobody vouches for."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    began = datetime(2020, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), began, began.replace(year=2120))
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    signed = made.add_extension(alternative, critical=False).sign(key, hashes.SHA256())
    plain = serialization.NoEncryption()
    written = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path = folder / "server.pem"
    path.write_bytes(written + signed.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.mark.slow
def test_a_server_that_takes_30_seconds_is_left_before(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "RUN_SECONDS", (1, 3.0))  # 10 and 30 seconds in a tenth of the time
    with server_that(lambda _request: time.sleep(3)) as uri:
        tracker, tracked, seconds = logged_to(uri, tmp_path)
    assert "Read timed out. (read timeout=1)" in tracked.reason
    assert len(tracker.waiting()) == 1
    assert seconds < 30


@pytest.mark.slow
def test_a_server_that_accepts_and_never_answers_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "RUN_SECONDS", (1, 3.0))
    with socket.create_server(("127.0.0.1", 0)) as mute:  # the system accepts; nobody reads
        _, tracked, _ = logged_to(f"http://127.0.0.1:{mute.getsockname()[1]}", tmp_path)
        assert tracked.state == "pending"
        with pytest.raises(ServiceError, match="Read timed out") as failure:
            logged_to(f"http://127.0.0.1:{mute.getsockname()[1]}", tmp_path, required=True)
    assert failure.value.exit_code == 8


def test_the_time_a_run_gives_a_server_is_30_seconds_in_all():
    seconds_for_one, seconds_for_all = module.RUN_SECONDS
    assert 2 * seconds_for_one < seconds_for_all == 30
    assert module.SYNC_SECONDS > module.RUN_SECONDS


@contextmanager
def mlflow_server(folder, port):
    database, artifacts = f"sqlite:///{folder}/server.db", folder / "server-artifacts"
    where = ["--backend-store-uri", database, "--artifacts-destination", str(artifacts)]
    command = [sys.executable, "-m", "mlflow", "server", *where, "--port", str(port), "--workers", "1"]
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        subprocess.run(["kill", "--", f"-{process.pid}"], check=False)
        process.wait()


def wait_for(port):
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise AssertionError("the server did not start")


@pytest.mark.slow
def test_a_server_that_was_away_gets_run_and_model_once_when_it_is_back(tmp_path, saved, stored):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    run = LoggedRun("train:1", "training", 1_000, artifacts={"figures.json": b"{}"}, models=(saved.model,))
    tracker = Tracker(Tracking(uri=f"http://127.0.0.1:{port}"), tmp_path, "shop", serving=lambda _: saved.model.version)
    assert tracker.log(run).state == "pending"
    with mlflow_server(tmp_path, port):
        wait_for(port)
        assert [each.state for each in tracker.sync()] == ["logged"]
        assert tracker.sync() == ()
        assert tracker.log(run).state == "logged"
        found = stored(tracker)
    assert found.runs == {"train:1": ["FINISHED"]}
    assert (found.models, found.versions, found.champion) == (["READY"], {saved.model.version: ["1"]}, saved.model.version)
    kept = {path.name for path in (tmp_path / "server-artifacts").rglob("*")}
    assert {"MLmodel", "model_code.py", "final_0.txt", "figures.json"} <= kept
    assert not (tmp_path / "mlflow" / "mlflow.db").exists()
