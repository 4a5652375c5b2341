"""MongoDB, as far as a login goes; Debian has no package of it."""

from __future__ import annotations

import socket
import struct
from base64 import b64encode

from leaksieve.verifiers.servers.bson import dump, load
from leaksieve.verifiers.servers.scram import Scram


class Mongo:
    """MongoDB by its documents: hello, SCRAM-SHA-256 with a password of its own, roles."""

    def __init__(self, password, code=18, mechanisms=("SCRAM-SHA-256",), *, proves=True):
        self.password, self.code, self.mechanisms, self.proves = password, code, mechanisms, proves
        self.commands = []

    def __call__(self, connection):
        while head := connection.recv(16, socket.MSG_WAITALL):
            (length,) = struct.unpack_from("<i", head)
            command = load(connection.recv(length - 16, socket.MSG_WAITALL)[5:])
            self.commands.append(command)
            body = struct.pack("<IB", 0, 0) + dump(self.answer(command))
            connection.sendall(struct.pack("<iiii", 16 + len(body), 7, 1, 2013) + body)

    def answer(self, command):
        match next(iter(command)):
            case "hello":
                return {"ok": 1, "saslSupportedMechs": [*self.mechanisms]} if self.mechanisms else {"ok": 1}
            case "saslStart":
                self.client = command["payload"].decode()[3:]
                nonce = self.client.partition("r=")[2] + "more"
                self.said = f"r={nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
                return {"ok": 1, "conversationId": 5, "done": False, "payload": self.said.encode()}
            case "saslContinue":
                return self.proof(command)
            case "connectionStatus":
                roles = [{"role": "root", "db": "admin"}]
                return {"ok": 1, "authInfo": {"authenticatedUsers": [{"user": "reader", "db": "admin"}], "authenticatedUserRoles": roles}}
            case _:
                return {"ok": 1, "version": "7.0.14"}

    def proof(self, command):
        mine = Scram("sha256", "reader", self.password, self.client.partition("r=")[2])
        if mine.answer(self.said.encode()) != command["payload"]:
            return {"ok": 0, "code": self.code, "errmsg": "Authentication failed."}
        signature = mine._proof if self.proves else b"\0" * 32
        return {"ok": 1, "conversationId": 5, "done": True, "payload": b"v=" + b64encode(signature)}
