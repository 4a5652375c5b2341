"""A name server on loopback: it answers with the records it is given, and remembers what it was asked."""

from __future__ import annotations

import contextlib
import socket
import threading

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


class NameServer:
    """``records`` maps (name, kind) to the texts of its records, names without the dot at the end; ``port`` is where it answers."""

    def __init__(self, records):
        self._records = records
        self.asked = []
        self.silent = False
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind(("127.0.0.1", 0))
        self._sock.settimeout(0.1)
        self.port = self._sock.getsockname()[1]
        self._ended = threading.Event()

    def _serve(self):
        while not self._ended.is_set():
            with contextlib.suppress(TimeoutError):
                data, address = self._sock.recvfrom(4096)
                if not self.silent:
                    self._sock.sendto(self._answer(dns.message.from_wire(data)), address)

    def _answer(self, query):
        (question,) = query.question
        name, kind = question.name.to_text(omit_final_dot=True), question.rdtype.name
        self.asked.append((name, kind))
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        texts = self._records.get((name, kind))
        if texts:
            answer.answer.append(dns.rrset.from_text_list(question.name, 60, "IN", kind, texts))
        elif not any(name == known for known, _ in self._records):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer.to_wire()


@contextlib.contextmanager
def name_server(records):
    """One that is up."""
    server = NameServer(records)
    thread = threading.Thread(target=server._serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server._ended.set()
        thread.join(10)
        server._sock.close()
