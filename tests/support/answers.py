"""A provider on this machine, over a real socket: answers as a test wants, and remembers what it was asked."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Asked:
    """One request as the server got it."""

    def __init__(self, method, path, headers, body):
        self.method, self.path, self.headers, self.body = method, path, headers, body
        self.at = time.monotonic()

    @property
    def token(self):
        """The credential of the usual headers."""
        value = self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN") or ""
        return value.rpartition(" ")[2]


class Answer:
    """What to say: ``body`` is text, bytes, or anything else as JSON."""

    def __init__(self, status=200, body=None, headers=(), delay=0.0):
        self.status, self.headers, self.delay = status, dict(headers), delay
        self.body = b"" if body is None else body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else json.dumps(body).encode()


class Provider:
    """``decide`` takes an :class:`Asked` and returns an :class:`Answer`."""

    def __init__(self, decide, context=None):
        self.asked = []
        self.decide = decide
        self.busy = self.most_at_once = 0
        lock = threading.Lock()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Headers and body are two writes; the second would wait for the first to be acknowledged.
            disable_nagle_algorithm = True

            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                asked = Asked(self.command, self.path, self.headers, self.rfile.read(length))
                with lock:
                    provider.asked.append(asked)
                    provider.busy += 1
                    provider.most_at_once = max(provider.most_at_once, provider.busy)
                try:
                    answer = provider.decide(asked)
                    time.sleep(answer.delay)
                finally:
                    with lock:
                        provider.busy -= 1
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answer.body)

            do_GET = do_POST = do_HEAD = do_DELETE = answer  # noqa: N815  the names the server calls

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # a client that goes away is what some tests are about

        self._server = Server(("127.0.0.1", 0), Handler)
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.url = f"{'http' if context is None else 'https'}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def provider(decide, context=None):
    """A running provider."""
    one = Provider(decide, context)
    try:
        yield one
    finally:
        one.close()


@contextmanager
def raw_server(handle):
    """A server that does with every connection what ``handle(connection)`` does; yields its port."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.05)
    ended = threading.Event()

    def one(connection):
        try:
            handle(connection)
        except OSError:
            pass
        finally:
            connection.close()

    def serve():
        while not ended.is_set():
            try:
                connection, _ = listening.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            connection.settimeout(5)
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        ended.set()
        listening.close()
        thread.join()


def server_context(certificate):
    """The TLS context of a server with a certificate of trustme."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context
