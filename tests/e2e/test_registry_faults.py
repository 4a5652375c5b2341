"""Registries that misbehave: cut connections, wrong bytes, redirects to where nobody should go, refusals, servers that dawdle."""

from __future__ import annotations

import base64
import contextlib
import json
import logging
import os
import random
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback

import imagecraft as craft
import pytest
from planted import token
from realrun import environment, leaksieve
from registries import PASSWORD, QUICK, USER, Authority, Registry, Server, forward, login_file, pulled, reply, told

pytestmark = pytest.mark.e2e

FIRST, SECOND = token(9601), token(9602)
NOISE = random.Random(5).randbytes(600_000)
LAYERS = [
    craft.layer({"a.bin": NOISE, "first.env": f"key = {FIRST}\n".encode(), "z.bin": NOISE[::-1]}),
    craft.layer({"second.env": f"key = {SECOND}\n".encode()}),
]
PACKED = [craft.PACKINGS["+gzip"](each) for each in LAYERS]
DIGESTS = [craft.digest(each) for each in PACKED]
BASIC = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


def pushed(registry: Registry) -> None:
    layout = craft.Layout()
    registry.push("app", "v1", layout, layout.image(LAYERS, craft.config(LAYERS)))


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    with Registry(tmp_path_factory.mktemp("registry")) as running:
        pushed(running)
        yield running


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


def between(registry, answer, **options) -> Server:
    """A server before the registry; ``answer`` returns True for what it has dealt with."""

    def either(handler):
        if not answer(handler):
            forward(handler, registry.host)

    return Server(either, **options)


def is_first(handler) -> bool:
    return DIGESTS[0] in handler.path


def test_a_download_that_is_cut_goes_on_where_it_was(registry):
    cuts = iter([50_000, 1, 400_000, 133_333])

    def answer(handler):
        cut = next(cuts, -1) if is_first(handler) else -1
        forward(handler, registry.host, cut=cut)
        return True

    with between(registry, answer) as server:
        found = pulled(f"{server.host}/app:v1")
    assert set(found.findings) == {FIRST, SECOND}
    assert found.coverage.complete, told(found)
    ranges = [headers.get("Range") for _, path, headers in server.requests if DIGESTS[0] in path]
    assert ranges == [None, "bytes=50000-", "bytes=50001-", "bytes=450001-", "bytes=583334-"]


def test_a_registry_that_knows_no_ranges_is_read_anew(registry):
    cuts = iter([500_000])

    def answer(handler):
        if not is_first(handler):
            return False
        del handler.headers["Range"]
        forward(handler, registry.host, cut=next(cuts, -1))
        return True

    with between(registry, answer) as server:
        found = pulled(f"{server.host}/app:v1")
    assert set(found.findings) == {FIRST, SECOND}
    assert found.coverage.complete, told(found)


def test_a_download_that_is_always_cut_is_given_up_and_said(registry):
    def answer(handler):
        if is_first(handler):
            forward(handler, registry.host, cut=1_000_000 if "Range" not in handler.headers else 0)
            return True
        return False

    with between(registry, answer) as server:
        found = pulled(f"{server.host}/app:v1", reach=QUICK._replace(tries=3))
    assert "failed download-failed broke off after 1000000 bytes" in told(found)
    # What came before is scanned all the same.
    assert set(found.findings) == {FIRST, SECOND}
    assert not found.coverage.complete


def test_a_blob_of_other_bytes(registry):
    def answer(handler):
        if is_first(handler):
            forward(handler, registry.host, change=lambda _: craft.PACKINGS["+gzip"](craft.layer({"x": b"y"})))
            return True
        return False

    with between(registry, answer) as server:
        found = pulled(f"{server.host}/app:v1")
    assert found.skips == {("failed", "bad-digest")}
    assert set(found.findings) == {SECOND}


def test_a_blob_without_an_end(registry):
    sent = 0

    def answer(handler):
        nonlocal sent
        if not is_first(handler):
            return False
        handler.send_response(200)
        handler.end_headers()
        handler.close_connection = True
        with contextlib.suppress(OSError):
            handler.wfile.write(PACKED[0])
            while sent < 50_000_000:
                handler.wfile.write(bytes(100_000))
                sent += 100_000
        return True

    with between(registry, answer) as server:
        found = pulled(f"{server.host}/app:v1")
    assert ("failed", "bad-digest") in found.skips
    assert set(found.findings) == {FIRST, SECOND}
    assert sent < 50_000_000


@pytest.mark.parametrize("by_digest", [False, True])
def test_a_manifest_of_another_digest(registry, by_digest):
    def answer(handler):
        if "/manifests/" in handler.path:
            forward(handler, registry.host, change=lambda data: data.replace(b"schemaVersion", b"schemaversion"))
            return True
        return False

    layout = craft.Layout()
    digest = layout.image(LAYERS, craft.config(LAYERS))["digest"]
    with between(registry, answer) as server:
        found = pulled(f"{server.host}/app" + (f"@{digest}" if by_digest else ":v1"))
    assert "does not have the digest it goes by" in told(found)
    assert not found.findings


def test_a_manifest_without_an_end():
    with Server(lambda handler: reply(handler, 200, b" " * (4 * 1024 * 1024 + 1), Content_Type=craft.MANIFEST)) as server:
        assert "the manifest has more than 4194304 bytes" in told(pulled(f"{server.host}/app:v1"))


# Redirects.


def test_a_login_is_shown_to_the_registry_alone(registry, tmp_path):
    elsewhere = Server(lambda handler: forward(handler, registry.host), address="127.0.0.2")

    def answer(handler):
        if handler.headers.get("Authorization") != BASIC:
            reply(handler, 401, WWW_Authenticate='Basic realm="x"')
        elif "/blobs/" in handler.path:
            reply(handler, 307, Location=f"{elsewhere.url}{handler.path}?X-Signature=canary")
        else:
            return False
        return True

    with elsewhere, between(registry, answer) as server:
        found = pulled(f"{server.host}/app:v1", login_file(tmp_path, server.host))
    assert set(found.findings) == {FIRST, SECOND}
    assert found.coverage.complete
    assert len(elsewhere.requests) == 3
    assert all("Authorization" not in headers and "Cookie" not in headers for _, _, headers in elsewhere.requests)


def test_a_login_demanded_elsewhere_is_not_given(registry, tmp_path):
    elsewhere = Server(lambda handler: reply(handler, 401, WWW_Authenticate='Basic realm="x"'), address="127.0.0.2")

    def answer(handler):
        if "/blobs/" in handler.path:
            reply(handler, 307, Location=f"{elsewhere.url}{handler.path}")
            return True
        return False

    with elsewhere, between(registry, answer) as server:
        found = pulled(f"{server.host}/app:v1", login_file(tmp_path, server.host))
    assert ("failed", "denied") in found.skips
    assert all("Authorization" not in headers for _, _, headers in elsewhere.requests)


def test_out_of_tls_no_redirect_leads(registry, authority):
    def answer(handler):
        if "/blobs/" in handler.path:
            reply(handler, 302, Location=f"http://{registry.host}{handler.path}")
            return True
        return False

    with between(registry, answer, authority=authority) as server:
        found = pulled(f"{server.host}/app:v1", reach=QUICK._replace(plain_http=False, ca_file=str(authority.ca)))
    assert "in the clear; that is not followed" in told(found)
    assert not found.findings


@pytest.mark.parametrize(
    "target", ["http://[", "//", "https:///x", "ftp://127.0.0.1/", "http://me:pass@127.0.0.1/", "http://127.0.0.1:99999/", "http://a b/", "\\\\host", "?"]
)
def test_redirects_to_what_is_no_address(target):
    with Server(lambda handler: reply(handler, 302, Location=target)) as server:
        found = pulled(f"{server.host}/app:v1")
    assert not found.coverage.complete
    assert "pass" not in told(found)


def test_a_layer_that_is_kept_elsewhere(registry, authority, tmp_path):
    foreign = Server(lambda handler: reply(handler, 200, PACKED[1]), authority=authority)
    clear = Server(lambda handler: reply(handler, 200, PACKED[1]))
    with foreign, clear:
        for tag, url in (("tls", foreign.url), ("clear", clear.url), ("inside", "https://169.254.169.254")):
            layout = craft.Layout()
            image = layout.image(LAYERS, craft.config(LAYERS))
            manifest = json.loads(layout.files["blobs/" + image["digest"].replace(":", "/")])
            manifest["layers"][1] |= {"mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "urls": [f"{url}/layer"]}
            manifest["layers"][1]["digest"] = DIGESTS[1]
            registry.blob("foreign", layout.files["blobs/" + manifest["config"]["digest"].replace(":", "/")])
            registry.blob("foreign", PACKED[0])
            # The real registry takes only addresses in other places than itself, and only for Docker's own kind of manifest.
            data = json.dumps(manifest).encode()

            def answer(handler, data=data):
                if "/manifests/v" in handler.path:
                    reply(handler, 200, data, Content_Type=craft.MANIFEST)
                    return True
                return False

            with between(registry, answer) as server:
                found = pulled(f"{server.host}/foreign:v{tag}", login_file(tmp_path, server.host), QUICK._replace(ca_file=str(authority.ca)))
            assert set(found.findings) == ({FIRST, SECOND} if tag == "tls" else {FIRST}), told(found)
            assert found.coverage.complete == (tag == "tls")
    assert [headers.get("Authorization") for _, _, headers in foreign.requests] == [None]
    assert clear.requests == []


def test_redirects_in_a_circle():
    with Server(lambda handler: reply(handler, 302, Location=handler.path)) as server:
        assert "redirects without end" in told(pulled(f"{server.host}/app:v1"))


@pytest.fixture
def public(monkeypatch):
    """127.0.0.1 counts as a public address, and 127.0.0.2 as a private one."""
    from leaksieve.registry.ranks import PRIVATE, PUBLIC, rank_of

    known = {"127.0.0.1": PUBLIC, "127.0.0.2": PRIVATE}
    monkeypatch.setattr("leaksieve.registry.web.rank_of", lambda address: known.get(address) if address in known else rank_of(address))


def test_a_public_registry_sends_nobody_inside(public, registry):
    inside = Server(lambda handler: reply(handler, 200, b"secret"), address="127.0.0.2")

    def answer(handler):
        if "/blobs/" in handler.path:
            reply(handler, 307, Location=f"{inside.url}/")
            return True
        return False

    with inside, between(registry, answer) as server:
        found = pulled(f"{server.host}/app:v1")
    assert ("failed", "private-address") in found.skips
    assert inside.requests == []


def test_a_public_registry_gets_no_token_from_inside(public, registry, tmp_path):
    inside = Server(lambda handler: reply(handler, 200, b'{"token": "x"}'), address="127.0.0.2")
    with inside, Server(lambda handler: reply(handler, 401, WWW_Authenticate=f'Bearer realm="{inside.url}/token"')) as server:
        found = pulled(f"{server.host}/app:v1", login_file(tmp_path, server.host))
    assert "lies further inside than the registry itself" in told(found)
    assert inside.requests == []


def test_a_private_registry_may_be_named_and_may_send_to_its_like(public, registry):
    store = Server(lambda handler: forward(handler, registry.host), address="127.0.0.2")

    def answer(handler):
        if "/blobs/" in handler.path:
            reply(handler, 307, Location=f"{store.url}{handler.path}")
            return True
        return False

    with store, between(registry, answer, address="127.0.0.2") as server:
        assert set(pulled(f"{server.host}/app:v1").findings) == {FIRST, SECOND}


@pytest.mark.parametrize("target", ["http://169.254.169.254/latest", "http://[fd00:ec2::254]/", "http://[::ffff:169.254.169.254]/", "http://2852039166/"])
def test_nobody_is_sent_where_clouds_keep_credentials(target, monkeypatch):
    def refuse(*_):
        raise AssertionError("connected")

    with Server(lambda handler: reply(handler, 307, Location=target)) as server:
        real = socket.create_connection
        monkeypatch.setattr("urllib3.util.connection.create_connection", lambda address, *a, **k: real(address, *a) if address[0] == "127.0.0.1" else refuse())
        found = pulled(f"{server.host}/app:v1")
    assert "that is not followed" in told(found) or "cannot be used" in told(found)


def test_a_name_that_means_another_address_the_next_time(public, registry, monkeypatch):
    answers = iter([["127.0.0.1"]])
    monkeypatch.setattr("leaksieve.registry.web.addresses_of", lambda host, port: next(answers, ["127.0.0.2"]))
    with between(registry, lambda _: False) as server:
        found = pulled(f"registry.example:{server.host.partition(':')[2]}/app:v1")
    assert ("failed", "private-address") in found.skips


# Patience.


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_passes_is_waited_for(registry, status):
    left = {"manifests": 2, "blobs": 2}
    times = []

    def answer(handler):
        for part, count in left.items():
            if f"/{part}/" in handler.path and count:
                left[part] -= 1
                times.append(time.monotonic())
                reply(handler, status, **({"Retry-After": "1"} if left == {"manifests": 1, "blobs": 2} else {}))
                return True
        return False

    with between(registry, answer) as server:
        found = pulled(f"{server.host}/app:v1")
    assert set(found.findings) == {FIRST, SECOND}
    assert found.coverage.complete
    assert times[1] - times[0] > 0.9


def test_what_does_not_pass_is_said(registry):
    with Server(lambda handler: reply(handler, 429, Retry_After="86400")) as server:
        assert "takes no more requests for now (86400 s); try again later, or log in" in told(pulled(f"{server.host}/app:v1"))
        assert len(server.requests) == 1
    with Server(lambda handler: reply(handler, 503)) as server:
        assert "answers with status 503" in told(pulled(f"{server.host}/app:v1"))
        assert len(server.requests) == QUICK.tries


def test_a_server_that_trickles(registry):
    done = threading.Event()

    def answer(handler):
        if not is_first(handler):
            return False
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(PACKED[0])))
        handler.end_headers()
        with contextlib.suppress(OSError):
            for at in range(len(PACKED[0])):
                handler.wfile.write(PACKED[0][at : at + 1])
                if done.wait(0.05):
                    break
        return True

    with between(registry, answer) as server:
        found = pulled(f"{server.host}/app:v1", reach=QUICK._replace(idle=0.5))
        done.set()
    assert "slower than 1024 bytes a second" in told(found)
    assert SECOND in found.findings


def endless(sized: bool, pause: float):
    """Answers of a registry whose image has a layer that never ends, and one that does."""
    configuration = craft.config(LAYERS)
    never = {"mediaType": craft.LAYER, "digest": craft.digest(b"never"), **({"size": 1 << 40} if sized else {})}
    layers = [never, {"mediaType": craft.LAYER, "digest": DIGESTS[1], "size": len(PACKED[1])}]
    config = {"mediaType": craft.CONFIG, "digest": craft.digest(configuration), "size": len(configuration)}
    manifest = json.dumps({"schemaVersion": 2, "mediaType": craft.MANIFEST, "config": config, "layers": layers}).encode()
    known = {"manifests/v1": manifest, config["digest"]: configuration, DIGESTS[1]: PACKED[1]}

    def answer(handler):
        body = next((body for name, body in known.items() if handler.path.endswith(name)), None)
        if body is not None:
            reply(handler, 200, body, **{"Content-Type": craft.MANIFEST if body is manifest else "application/octet-stream"})
        elif handler.path.endswith(never["digest"]):
            handler.send_response(200)
            handler.end_headers()
            handler.close_connection = True
            with contextlib.suppress(OSError):
                while True:
                    handler.wfile.write(bytes(64 * 1024))
                    time.sleep(pause)
        else:
            reply(handler, 404)

    return answer


def test_a_layer_of_no_length_is_not_waited_for():
    with Server(endless(sized=False, pause=0.01)) as server:
        found = pulled(f"{server.host}/app:v1")
    assert found.skips == {("failed", "download-failed")}
    assert "how long it is" in told(found)
    assert set(found.findings) == {SECOND}


def test_the_time_limit_holds_inside_a_layer(tmp_path):
    with Server(endless(sized=True, pause=0.1)) as server:
        run = leaksieve("image", f"registry:{server.host}/app:v1", "--plain-http", "--timeout", "2s", "-f", "json", cwd=tmp_path)
    assert run.code in (1, 3)
    assert {skip["reason"] for skip in run.failed} == {"timeout"}


def test_a_server_that_says_nothing(registry):
    done = threading.Event()

    def answer(handler):
        if is_first(handler):
            done.wait(30)
            return True
        return False

    with between(registry, answer) as server:
        found = pulled(f"{server.host}/app:v1", reach=QUICK._replace(idle=0.3, tries=2))
        done.set()
    assert "does not answer in time" in told(found)
    assert SECOND in found.findings


@pytest.mark.parametrize("body", [b"", b"no json", b"[]", b'{"token": 5}', b'{"token": "a b"}', b'{"token": "a\\r\\nX: y"}', b'{"access_token": ""}'])
def test_what_is_no_token(body):
    def answer(handler):
        if handler.path.startswith("/token"):
            reply(handler, 200, body)
        else:
            reply(handler, 401, WWW_Authenticate=f'Bearer realm="http://{handler.headers["Host"]}/token",service="x"')

    with Server(answer) as server:
        assert "something that is no token" in told(pulled(f"{server.host}/app:v1"))


@pytest.mark.parametrize("answer", ["", "Negotiate", 'Bearer realm="nowhere"', 'Bearer realm="http://x@y/"', "Bearer", 'Basic realm="x"'])
def test_what_cannot_be_demanded(answer):
    with Server(lambda handler: reply(handler, 401, **({"WWW-Authenticate": answer} if answer else {}))) as server:
        found = pulled(f"{server.host}/app:v1")
    assert ("failed", "unreadable") in found.skips
    assert len(server.requests) == 1


def test_nobody_at_that_address():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
    said = told(pulled(f"127.0.0.1:{port}/app:v1", reach=QUICK._replace(tries=2)))
    assert "the connection to 127.0.0.1 failed (connection refused); check the network" in said


def test_ctrl_c_while_a_registry_says_nothing(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as sock:
        call = [sys.executable, "-P", "-m", "leaksieve", "image", "--plain-http", f"registry:127.0.0.1:{sock.getsockname()[1]}/app:v1"]
        env = {**environment(tmp_path), "PATH": os.environ["PATH"]}
        process = subprocess.Popen(call, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        client, _ = sock.accept()
        with client:
            client.recv(4096)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=50)
    assert process.returncode == 130, said
    assert b"Traceback" not in said


def test_answers_that_are_no_http():
    def serve(sock):
        with contextlib.suppress(OSError):
            while True:
                client, _ = sock.accept()
                with client:
                    client.recv(4096)
                    client.sendall(b"SSH-2.0-OpenSSH\r\n")

    with socket.create_server(("127.0.0.1", 0)) as sock:
        threading.Thread(target=serve, args=(sock,), daemon=True).start()
        found = pulled(f"127.0.0.1:{sock.getsockname()[1]}/app:v1", reach=QUICK._replace(tries=2))
        assert not found.coverage.complete
    assert told(found).startswith("failed unreadable")


# Proxies.


def proxy(authorized: list[str]) -> Server:
    """Tunnels, and passes on what is asked of it in the clear."""

    def answer(handler):
        authorized.append(handler.headers.get("Proxy-Authorization", ""))
        assert "Authorization" not in handler.headers or handler.path.startswith("http://")
        host = handler.path.split("/")[2]
        handler.path = "/" + handler.path.split("/", 3)[3]
        del handler.headers["Proxy-Authorization"]
        forward(handler, host)

    return Server(answer)


def tunnel(seen: list[bytes]) -> socket.socket:
    """A proxy that only tunnels."""
    listening = socket.create_server(("127.0.0.1", 0))

    def pump(client):
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(4096)
        seen.append(head)
        host, _, port = head.split()[1].decode().partition(":")
        with client, socket.create_connection((host, int(port))) as far:
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            while ready := select.select([client, far], [], [], 30)[0]:
                for each in ready:
                    data = each.recv(65536)
                    if not data:
                        return
                    (far if each is client else client).sendall(data)

    def serve():
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=pump, args=(listening.accept()[0],), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    return listening


def test_a_proxy_in_the_clear(registry):
    authorized: list[str] = []
    with proxy(authorized) as server:
        reach = QUICK._replace(proxies={"http": f"http://some:one@{server.host}"})
        assert set(pulled(f"{registry.host}/app:v1", reach=reach).findings) == {FIRST, SECOND}
        assert set(authorized) == {"Basic " + base64.b64encode(b"some:one").decode()}
        before = len(server.requests)
        assert set(pulled(f"{registry.host}/app:v1", reach=reach._replace(proxies={**reach.proxies, "no": "127.0.0.1"})).findings) == {FIRST, SECOND}
        assert len(server.requests) == before


def test_a_proxy_sees_no_login_where_there_is_tls(registry, authority, tmp_path):
    seen: list[bytes] = []

    def answer(handler):
        if handler.headers.get("Authorization") != BASIC:
            reply(handler, 401, WWW_Authenticate='Basic realm="x"')
            return True
        return False

    with tunnel(seen) as listening, between(registry, answer, authority=authority) as server:
        address = f"http://some:one@127.0.0.1:{listening.getsockname()[1]}"
        reach = QUICK._replace(plain_http=False, ca_file=str(authority.ca), proxies={"https": address})
        found = pulled(f"{server.host}/app:v1", login_file(tmp_path, server.host), reach)
    assert set(found.findings) == {FIRST, SECOND}, told(found)
    assert seen
    assert all(head.startswith(b"CONNECT ") and b"\nAuthorization" not in head for head in seen)


def test_behind_a_proxy_addresses_inside_are_refused_as_well(registry):
    def answer(handler):
        if "/blobs/" in handler.path:
            reply(handler, 307, Location="http://169.254.169.254/")
            return True
        return False

    with between(registry, answer) as server, proxy([]) as through:
        found = pulled(f"{server.host}/app:v1", reach=QUICK._replace(proxies={"http": through.url}))
        assert ("failed", "private-address") in found.skips
        assert not through.paths("169.254")


# Nothing secret anywhere.


def test_no_login_is_in_anything_that_is_said_or_logged(registry, tmp_path, caplog):
    """A password, a token and the signature of a download, through success and failure alike."""
    caplog.set_level(logging.DEBUG)
    bearer, signature, proxied = "canary" + "Bearer55", "canary" + "Signature66", "canary" + "Proxy77"
    mode = {"now": "good"}

    def answer(handler):
        if handler.path.startswith("/token"):
            reply(handler, 200, json.dumps({"token": bearer}).encode())
        elif handler.headers.get("Authorization") != f"Bearer {bearer}" and "X-Signature" not in handler.path:
            reply(handler, 401, WWW_Authenticate=f'Bearer realm="http://{handler.headers["Host"]}/token",service="x"')
        elif mode["now"] == "denied":
            reply(handler, 403, json.dumps({"errors": [{"code": "DENIED", "message": handler.headers["Authorization"]}]}).encode())
        elif "/blobs/" in handler.path and "X-Signature" not in handler.path:
            reply(handler, 307, Location=f"{handler.path}?X-Signature={signature}")
        elif mode["now"] != "good" and is_first(handler):
            if mode["now"] == "cut":
                forward(handler, registry.host, cut=0)
            else:
                reply(handler, int(mode["now"]), handler.path.encode(), Location=f"http://169.254.169.254/?X-Signature={signature}")
        else:
            return False
        return True

    said = []
    with between(registry, answer) as server:
        env = login_file(tmp_path / "home", server.host) | {"http_proxy": f"http://me:{proxied}@127.0.0.1:9", "no_proxy": "127.0.0.1"}
        for mode["now"] in ("good", "denied", "cut", "404", "418", "500", "307"):
            try:
                found = pulled(f"{server.host}/app:v1", env, QUICK._replace(tries=2))
                said.append(told(found) + repr(found.coverage.sources[0].resolved))
            except BaseException:
                said.append(traceback.format_exc())
                raise
        for options in (["-vv"], ["-f", "json"]):
            done = leaksieve("image", "--plain-http", f"registry:{server.host}/app:v1", *options, cwd=tmp_path, env=env)
            said.append(done.err + done.out.decode())
        found = pulled(f"{server.host}/app:v1", env, QUICK._replace(tries=2, proxies={"http": env["http_proxy"]}))
        assert "the proxy does not let it through" in told(found)
        said.append(told(found))
        inline = leaksieve("image", "--plain-http", f"registry:{USER}:{PASSWORD}@{server.host}/app:v1", cwd=tmp_path, env=env)
        assert inline.code == 2
        said.append(inline.err)
    said.append(caplog.text)
    written = [path.read_bytes().decode("latin-1") for path in tmp_path.rglob("*") if path.is_file() and path.name != "config.json"]
    everything = "\n".join([*said, *written])
    assert os.path.exists(tmp_path / "home/.docker/config.json")
    for secret in (PASSWORD, bearer, signature, proxied, BASIC.split()[1]):
        assert secret not in everything
