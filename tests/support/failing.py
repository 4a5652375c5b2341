"""What servers do wrong, and what a code verifier must make of all of it: nothing but "unknown", and no word of the credential."""

from __future__ import annotations

import json
import time
from urllib.parse import quote, quote_plus

from answers import Answer, provider, raw_server
from live import QUICK, Rerouted, ask

# The answers of captive portals, firewalls, proxies, sandboxes and endpoints that say anything to anybody.
ODD = (
    Answer(200, "<html>Welcome to the guest network</html>"),
    Answer(200, {}),
    Answer(200, []),
    Answer(200, "null"),
    Answer(200, '{"access_token": 5, "error": []}'),
    Answer(200, b"\xff\xfe\x00" * 50),
    Answer(204),
    Answer(302, "", {"Location": "https://login.example/"}),
    Answer(307, "", {"Location": "http://169.254.169.254/"}),
    Answer(400, {"error": ["invalid_grant"], "error_codes": "x"}),
    Answer(401, ""),
    Answer(403, "<html>Request blocked</html>"),
    Answer(404, {"error": "not found"}),
    Answer(407, ""),
    Answer(429, ""),
    Answer(503, "<html>try later</html>"),
)


def judged(one, tables, decide, settings=QUICK):
    """The verdict on a candidate where the provider answers as ``decide`` does, and what it was asked."""
    settings = settings._replace(retries=0)
    with provider(decide) as server:
        (result,) = ask([one], tables, settings, Rerouted(settings, server.url)).results.values()
    return result.verdict, server.asked


def holds_against_all(one, tables, capfd, caplog, extra=()):
    """Whatever goes wrong, the verdict is unknown with a reason, and neither it nor a log says anything of the credential."""
    said = []
    for answer in ODD:
        said.append(judged(one, tables, lambda _, answer=answer: answer)[0])
    # An endpoint that says back what it was sent.
    said.append(judged(one, tables, lambda asked: Answer(400, asked.body + asked.path.encode() + json.dumps(dict(asked.headers)).encode()))[0])
    said.append(judged(one, tables, lambda _: Answer(200, b"x" * 400_000))[0])
    settings = QUICK._replace(timeout=0.5, retries=0)
    slow = lambda connection: (connection.recv(4096), time.sleep(1))  # noqa: E731
    mail = lambda connection: (connection.recv(4096), connection.sendall(b"220 mail\r\n"))  # noqa: E731
    for scheme, handle in (("http", slow), ("http", mail), ("https", mail)):
        with raw_server(handle) as port:
            (result,) = ask([one], tables, settings, Rerouted(settings, f"{scheme}://127.0.0.1:{port}")).results.values()
            said.append(result.verdict)
    for verdict in said:
        assert verdict.state == "unknown", verdict
        assert verdict.reason not in ("", "internal"), verdict
    assert_silent([*said], one, capfd, caplog, extra)


def assert_silent(said, one, capfd, caplog, extra=()):
    """No piece of the credential in verdicts, output or logs."""
    shown = "\n".join([repr(said), str(capfd.readouterr()), caplog.text])
    for text in [one.subject.secret.reveal().decode(), *extra]:
        for form in (text, quote(text, safe=""), quote_plus(text)):
            pieces = [form[start : start + 12] for start in range(0, max(1, len(form) - 11), 6)] if len(form) >= 24 else [form]
            assert not any(piece in shown for piece in pieces if piece.strip("-"))
