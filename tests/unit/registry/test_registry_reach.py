"""How a registry is reached: Docker Hub's many names, certificates kept for a host, proxies that are none."""

from __future__ import annotations

import json

import pytest
import trustme

from leaksieve.errors import UsageError
from leaksieve.net.address import place_of
from leaksieve.registry.name import parse_name
from leaksieve.registry.open import open_registry
from leaksieve.registry.settings import Mirror, Reach
from leaksieve.registry.tls import context_for
from leaksieve.registry.web import Web


def test_docker_hub_answers_elsewhere_and_its_login_is_kept_under_an_old_name(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"auths": {"https://index.docker.io/v1/": {"username": "me", "password": "x"}}}))
    provider = open_registry(parse_name("alpine"), Reach(), {"DOCKER_CONFIG": str(tmp_path)})
    (session,) = provider._sessions
    assert (session.place, session.repository, session._login.user) == (place_of("https://registry-1.docker.io"), "library/alpine", "me")
    assert provider.shown == "docker.io/library/alpine:latest"


def test_mirrors_stand_before_the_registry_they_are_for(tmp_path):
    reach = Reach(mirrors=(Mirror("docker.io", "https://m.example/hub"), Mirror("quay.example", "http://n.example:81")))
    environ = {"HOME": str(tmp_path)}
    hub = open_registry(parse_name("team/app"), reach, environ)._sessions
    assert [(each.place.host, each.repository) for each in hub] == [("m.example", "hub/team/app"), ("registry-1.docker.io", "team/app")]
    quay = open_registry(parse_name("quay.example/app"), reach, environ)._sessions
    assert [each.place for each in quay] == [place_of("http://n.example:81"), place_of("https://quay.example")]


def test_a_session_shows_nothing_of_itself(tmp_path):
    environ = {"LEAKSIEVE_REGISTRY_HOST": "r.example", "LEAKSIEVE_REGISTRY_TOKEN": "canaryToken"}
    (session,) = open_registry(parse_name("r.example/app"), Reach(), environ)._sessions
    session._shown = "Bearer canaryToken"
    assert "canary" not in f"{session!r} {session}"


def test_certificates_that_are_kept_for_a_host(tmp_path):
    authority = trustme.CA()
    mine = authority.issue_cert("me@example.org")
    folder = tmp_path / "r.example:5000"
    folder.mkdir()
    authority.cert_pem.write_to_path(folder / "ca.crt")
    mine.private_key_pem.write_to_path(folder / "client.key")
    mine.cert_chain_pems[0].write_to_path(folder / "client.cert")
    usual = context_for("r.example", None, [str(tmp_path)]).cert_store_stats()["x509_ca"]
    assert context_for("r.example:5000", None, [str(tmp_path)]).cert_store_stats()["x509_ca"] == usual + 1
    assert context_for("r.example", str(folder / "ca.crt"), []).cert_store_stats()["x509_ca"] == usual + 1
    (folder / "ca.crt").write_text("no certificate")
    with pytest.raises(UsageError, match="cannot be read"):
        context_for("r.example:5000", None, [str(tmp_path)])
    with pytest.raises(UsageError, match="--registry-ca"):
        context_for("r.example", str(folder / "ca.crt"), [])


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "http://", "http://[", "http://x:99999", "ftp://me:canary@x"])
def test_what_is_no_proxy(proxy):
    with pytest.raises(UsageError) as caught:
        Web(Reach(proxies={"https": proxy})).check(place_of("https://r.example"))
    assert "canary" not in str(caught.value)
    assert "set https_proxy to one" in str(caught.value)
