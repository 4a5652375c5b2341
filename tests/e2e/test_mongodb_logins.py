"""MongoDB's logins against a real FerretDB (version 1), which speaks its protocol, where there is one (``ferretdb`` in PATH): Debian has no MongoDB."""

import contextlib
import re
import shutil

import pytest
from loginservers import PASSWORD, USER, Server, running, said, served, trusting

FERRETDB = shutil.which("ferretdb")
pytestmark = [pytest.mark.e2e, pytest.mark.skipif(FERRETDB is None, reason="no `ferretdb` in PATH: MongoDB's logins were NOT tried at a real server")]


class FerretDB(Server):
    """On SQLite, with one user, and TLS on a port of its own; ``more`` takes the place of the options for the user."""

    @contextlib.contextmanager
    def started(self, *more):
        folder, tls = self.folder.path, self.authority
        (folder / "data").mkdir()
        user = more or ("--test-enable-new-auth", "--setup-database=app", f"--setup-username={USER}", f"--setup-password={PASSWORD}")
        options = [
            *("--handler=sqlite", f"--sqlite-url=file:{folder}/data/", f"--state-dir={folder}", "--debug-addr=-", "--telemetry=disable", "--log-level=DEBUG"),
            *(f"--listen-addr=127.0.0.1:{self.port}", f"--listen-tls=127.0.0.1:{self.tls_port}"),
            *(f"--listen-tls-cert-file={tls.certificate}", f"--listen-tls-key-file={tls.key}"),
        ]
        with running(self.folder, [FERRETDB, *options, *user], self.tls_port):
            yield

    def url(self, user=USER, password=PASSWORD, query=""):
        return f"mongodb://{user}:{password}@127.0.0.1:{self.tls_port if 'tls=true' in query else self.port}/app{query}"

    def heard(self):
        """The names of the commands it was given."""
        return set(re.findall(r'Request message:\s.*?"Document": \{\s*"(\w+)"', (self.folder.path / "log").read_text(), re.DOTALL))


server = served(FerretDB)


@pytest.mark.parametrize("query", ["", "?authMechanism=SCRAM-SHA-1", "?authMechanism=SCRAM-SHA-256", "?authSource=app"])
def test_a_good_password_is_active_with_whom_it_is_for(server, query):
    verdict = said(server.url(query=query))
    assert (verdict.state, verdict.privileged, verdict.told["user"]) == ("active", False, "reader@app")
    assert verdict.evidence["matched"] == ["the login was accepted", "not encrypted"]
    assert server.heard() == {"hello", "saslStart", "saslContinue", "connectionStatus", "buildInfo"}


@pytest.mark.parametrize(("user", "password", "query"), [("reader", PASSWORD + "x", ""), ("nosuch", PASSWORD, ""), ("reader", PASSWORD, "?authSource=admin")])
def test_the_servers_own_refusal_is_inactive(server, user, password, query):
    verdict = said(server.url(user, password, query))
    assert (verdict.state, verdict.evidence["matched"][0]) == ("inactive", "MongoDB says 18")


def test_tls_is_verified(server):
    verdict = said(server.url(query="?tls=true"), trusting(server.authority))
    assert (verdict.state, verdict.evidence["matched"][1]) == ("active", "encrypted, certificate verified")
    assert said(server.url(query="?tls=true")).reason == "tls"
    blind = said(server.url(query="?tls=true&tlsInsecure=true"))
    assert (blind.state, blind.evidence["matched"][1]) == ("active", "encrypted, certificate not verified (as the URL asks for)")


def test_a_server_that_knows_no_passwords_says_nothing():
    with FerretDB().up("--log-level=INFO") as one:
        verdict = said(one.url())
    assert verdict.state == "unknown"
