"""Tokens of Vault and OpenBao, against a real OpenBao where there is one (``bao`` in PATH): live, dead, and what they may do."""

import json
import os
import re
import shutil
import subprocess
import time
import urllib.request

import pytest
from registries import free_port

from leaksieve.ruleset.template import expand

pytestmark = pytest.mark.e2e
BAO = shutil.which("bao")


class Bao:
    """A server in memory, unsealed, with a root token of its own."""

    def __init__(self, folder):
        self.url = f"http://127.0.0.1:{free_port()}"
        log = folder / "log"
        command = [BAO, "server", "-dev", f"-dev-listen-address={self.url.removeprefix('http://')}", "-dev-no-store-token"]
        with log.open("wb") as file:
            self._process = subprocess.Popen(command, stdout=file, stderr=subprocess.DEVNULL, env={"PATH": os.environ["PATH"], "HOME": str(folder)})
        for _ in range(300):
            told = re.search(r"Root Token: (s\.[A-Za-z0-9]+)", log.read_text())
            if told:
                self.root = told[1]
                return
            assert self._process.poll() is None, "it ended"
            time.sleep(0.1)
        raise AssertionError("it did not come up")

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"X-Vault-Token": self.root}, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
        return json.loads(text) if text else {}

    def token(self, **fields):
        return self.ask("POST", "/v1/auth/token/create", fields)["auth"]["client_token"]

    def close(self):
        self._process.kill()
        self._process.wait()


@pytest.fixture(scope="module")
def bao(tmp_path_factory):
    server = Bao(tmp_path_factory.mktemp("bao"))
    yield server
    server.close()


def verified(place, server, token):
    place.write("tree/app.env", f"VAULT_TOKEN={token}\n")
    done = place.run("dir", "tree", "-f", "json", "--verify", "--no-verify-cache", "--verify-endpoint", f"vault={server.url}")
    assert token not in done.out + done.err
    (finding,) = json.loads(done.out)["findings"]
    return finding


@pytest.mark.skipif(BAO is None, reason="no `bao` in PATH: tokens were NOT tried at a real OpenBao")
class TestAtARealServer:
    def test_a_root_token_lives_and_weighs_most(self, bao, place):
        found = verified(place, bao, bao.root)
        assert found["verdict"] == "active"
        assert found["severity"] == "critical"
        assert found["verification"]["access"]["permissions"] == ["root"]

    def test_a_token_tells_its_policies_and_its_end(self, bao, place):
        found = verified(place, bao, bao.token(policies=["default"], ttl="1h", display_name="ci"))
        assert found["verdict"] == "active"
        assert found["verification"]["access"]["permissions"] == ["default"]
        assert re.match(r"\d{4}-\d\d-\d\dT", str(found["verification"]["access"]["expires"]))

    def test_a_batch_token_lives(self, bao, place):
        assert verified(place, bao, bao.token(policies=["default"], ttl="1h", type="batch"))["verdict"] == "active"

    def test_of_a_revoked_token_it_says_no_more_than_of_one_that_may_not_look(self, bao, place):
        token = bao.token(policies=["default"], ttl="1h")
        bao.ask("POST", "/v1/auth/token/revoke", {"token": token})
        found = verified(place, bao, token)
        assert found["verdict"] == "unknown", found["verification"]
        assert "dead, or may not look at itself" in found["verification"]["detail"]

    def test_a_token_that_never_was_is_no_live_one(self, bao, place):
        assert verified(place, bao, expand("s.<alnum:24>", 8).decode())["verdict"] == "unknown"

    def test_a_token_without_the_default_policy_may_not_look_at_itself(self, bao, place):
        found = verified(place, bao, bao.token(policies=["none-of-it"], no_default_policy=True, ttl="1h"))
        assert found["verdict"] == "unknown", found["verification"]
