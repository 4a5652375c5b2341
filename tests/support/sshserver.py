"""A real sshd on loopback, and keys for it."""

import os
import shutil
import socket
import subprocess
import time

from registries import free_port

SSHD = shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


def keygen(path, *kind, phrase=""):
    subprocess.run(["ssh-keygen", "-q", "-t", *kind, "-N", phrase, "-C", "deploy", "-f", path], check=True)


class Sshd:
    """Listens by the time it is made.  In ``folder`` stand its key (host) and the public keys that log in (authorized); ``more`` are lines of its configuration."""

    def __init__(self, folder, *more):
        self.folder = folder
        self.port = free_port()
        (folder / "config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/authorized\nPidFile none\nStrictModes no\nUsePAM no\n"
            "LogLevel DEBUG1\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n" + "\n".join(more) + "\n"
        )
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)
        command = [SSHD, "-D", "-e", "-f", folder / "config"]
        with (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log, env={"PATH": os.environ["PATH"]})
        end = time.monotonic() + 20
        with socket.socket() as probe:
            while probe.connect_ex(("127.0.0.1", self.port)):
                assert self.process.poll() is None, self.said()
                assert time.monotonic() < end
                time.sleep(0.02)

    def said(self):
        return (self.folder / "log").read_text(errors="replace")

    def stop(self):
        self.process.terminate()
        self.process.wait()
