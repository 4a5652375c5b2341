"""What registries, clones and verifiers share: proxies as they are written, waits, what is trusted, and where an error hides."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import trustme

from leaksieve.net import certificates
from leaksieve.net.certificates import trusting
from leaksieve.net.failure import chain, cut_off
from leaksieve.net.proxy import Proxy, basic, bypassed, proxy_of
from leaksieve.net.retry import retry_after


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("proxy.example:3128", Proxy("http", "proxy.example", 3128, None)),
        ("http://proxy.example", Proxy("http", "proxy.example", 80, None)),
        ("https://proxy.example", Proxy("https", "proxy.example", 443, None)),
        ("http://me:a%40b@[::1]:8080/", Proxy("http", "::1", 8080, "me:a@b")),
        ("http://me@proxy.example", Proxy("http", "proxy.example", 80, "me:")),
        ("socks5://proxy.example", None),
        ("http://", None),
        ("http://proxy.example:port", None),
        ("http://[::1", None),
    ],
)
def test_proxies_as_they_are_written(text, expected):
    assert proxy_of(text) == expected


def test_a_proxys_address_holds_no_login():
    proxy = proxy_of("http://me:pass@[::1]")
    assert proxy.url == "http://[::1]:80"
    assert basic(proxy.login) == "Basic bWU6cGFzcw=="


def test_hosts_that_are_reached_without_the_proxy():
    assert bypassed("git.acme.example", 443, "other.example, acme.example")
    assert bypassed("acme.example", 8443, "acme.example:8443")
    assert not bypassed("acme.example", 443, "acme.example:8443")
    assert not bypassed("acme.example", 443, "")


def test_waits_that_are_asked_for():
    assert retry_after("7") == 7.0
    assert [retry_after(text) for text in ("", "-1", "soon", "1.5", "\u0663")] == [0.0] * 5
    assert 50 < retry_after(format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)) <= 90
    assert retry_after(format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)) == 0.0


def test_where_a_python_knows_no_authorities_the_first_bundle_there_is_does(monkeypatch, tmp_path):
    monkeypatch.setattr(ssl, "create_default_context", lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: ssl.DefaultVerifyPaths(None, None, "", "", "", ""))
    named, system, never = tmp_path / "named.pem", tmp_path / "system.pem", tmp_path / "never.pem"
    for path in (named, system, never):
        trustme.CA(organization_name=path.stem).cert_pem.write_to_path(path)
    monkeypatch.setattr(certificates, "_BUNDLES", (str(tmp_path / "none"), str(system), str(never)))

    def trusted(context):
        return [value for one in context.get_ca_certs() for ((key, value),) in one["subject"] if key == "organizationName"]

    assert trusted(trusting()) == ["system"]
    assert trusted(trusting(str(named))) == ["named"]
    with pytest.raises(OSError):
        trusting(str(tmp_path / "none"))


def test_errors_behind_an_error_are_found_wherever_a_client_hides_them():
    inner, middle, outer = OSError("inner"), ValueError("middle"), RuntimeError("outer")
    middle.reason = inner
    outer.__context__ = middle
    inner.__context__ = outer
    assert chain(outer) == [outer, middle, inner]


def test_what_the_system_says_fits_on_one_line():
    assert cut_off("acme.example", "re\x1bset\n") == "the connection to acme.example failed (re?set?)"
