"""Where a credential may be sent: no address that is not public, whatever way it is written or carried."""

import asyncio
from ipaddress import ip_address

import pytest
from live import QUICK, subject

from leaksieve.errors import ConfigError
from leaksieve.net.address import Allowed, refused
from leaksieve.verifiers import fill
from leaksieve.verifiers.address import fits, host_of, place_of
from leaksieve.verifiers.base import Failed, Request
from leaksieve.verifiers.limits import Budget
from leaksieve.verifiers.network import BoundNet, Network

NOBODY = Allowed()
INSIDE = [
    *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "169.254.170.2", "100.64.0.1", "100.100.100.200"),
    *("192.0.0.192", "168.63.129.16", "198.18.0.1", "192.0.2.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::1", "2002:a00:1::"),
    "2001:0:7f00:1::", "nonsense", "",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_not_public_is_refused(address):
    assert refused("host.example", address, NOBODY)


@pytest.mark.parametrize("address", ["8.8.8.8", "140.82.121.6", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_what_is_public_is_not(address):
    assert not refused("host.example", address, NOBODY)


def test_the_user_may_name_hosts_and_networks_but_never_where_clouds_keep_credentials():
    allowed = Allowed(["db.internal", "10.0.0.0/8", "127.0.0.1", "169.254.0.0/16"])
    assert not refused("db.internal", "192.168.1.1", allowed)
    assert not refused("other", "10.9.9.9", allowed)
    assert not refused("other", "::ffff:10.9.9.9", allowed)
    assert refused("other", "192.168.1.1", allowed)
    assert refused("db.internal", "169.254.169.254", allowed)
    with pytest.raises(ValueError, match="no host name"):
        Allowed(["not a host"])


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "017700000001",
        "127.1",
        "127.0.1",
        "1.2.3.4.5",
        "a.0x10",
        "-a.example",
        "a..b",
        "exa mple",
        "a.example.",
        "",
        "ⓖithub.com",
    ],
)
def test_spellings_of_addresses_and_odd_hosts_are_no_hosts(host):
    with pytest.raises(Failed) as raised:
        host_of(host)
    assert raised.value.reason == "unfit"


@pytest.mark.parametrize(
    "url",
    [
        "https://api.github.com@evil.example/",
        "https://user:pw@api.github.com/",
        "https://api.github.com\\@evil.example/",
        "https://api.github.com#@evil.example/",
        "https://evil.example\t.github.com/",
        "https://[::1/",
        "https://a.example:0/",
        "https://a.example:99999/",
        "file:///etc/passwd",
        "gopher://a.example/",
        "https:///path",
        "https://api.github.com%2eevil.example/",
    ],
)
def test_urls_that_two_programs_might_read_differently_are_refused(url):
    with pytest.raises(Failed):
        place_of(url)


def test_hosts_fit_whole_or_below():
    assert fits("api.acme.example", ["api.acme.example"])
    assert fits("a.b.acme.example", ["*.acme.example"])
    assert not fits("acme.example", ["*.acme.example"])
    assert not fits("evilacme.example", ["*.acme.example"])
    assert not fits("api.acme.example.evil.example", ["api.acme.example"])


@pytest.mark.parametrize("value", ["evil.example/", "a.b", "a@b", "a:1", "", "-a", "a_b", "a/b"])
def test_a_part_of_a_host_is_one_name_and_nothing_else(value):
    with pytest.raises(Failed):
        fill.url("https://{shop}.acme.example/me", subject("s", shop=value))


def test_values_stay_values():
    assert fill.url("https://a.example/x/{secret}?q={user}", subject("../?#&/é", user="a&b=c")) == "https://a.example/x/..%2F%3F%23%26%2F%C3%A9?q=a%26b%3Dc"
    assert fill.form({"a": "{secret}"}, subject("x&b=1")) == b"a=x%26b%3D1"
    assert fill.nested({"a": ["{secret}", 1]}, subject('"}')) == {"a": ['"}', 1]}
    assert fill.header("Key {secret|base64}", subject("ab")) == "Key YWI="
    for bad in ("a\r\nX-Evil: 1", "a\nb", "", "é", " a"):
        with pytest.raises(Failed):
            fill.header("{secret}", subject(bad))
    with pytest.raises(Failed):
        fill.url("https://a.example/{secret}/x", subject(".."))


def net_to(addresses, *, hosts=("api.acme.example",), endpoint="", **more):
    """A net under which names mean what ``addresses`` gives, one answer after the other."""
    answers = iter(addresses)

    async def resolver(_host, _port):
        return next(answers)

    network = Network(QUICK._replace(timeout=0.3, retries=0, **more), resolver)
    return network, BoundNet(network, Budget(100), hosts, [[443, 443]], 100.0, endpoint)


def reason_of(network, awaitable):
    async def run():
        async with network:
            with pytest.raises(Failed) as raised:
                await awaitable()
            return raised.value.reason

    return asyncio.run(run())


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["169.254.169.254"], ["140.82.121.6", "10.0.0.1"], ["::1"], ["fd00:ec2::254"]])
def test_nothing_is_connected_to_where_a_name_leads_inside(addresses):
    """One address inside among others is enough."""
    network, net = net_to([addresses] * 4)
    assert reason_of(network, lambda: net.request(Request("GET", "https://api.acme.example/"))) == "private-address"
    network, net = net_to([addresses] * 4)
    assert reason_of(network, lambda: net.connect("api.acme.example", 443)) == "private-address"


def test_a_name_that_changes_its_mind_is_refused_at_the_second_look():
    """DNS re-binding: public when it is vetted, inside when it is connected to."""
    network, net = net_to([["140.82.121.6"], ["127.0.0.1"]])
    assert reason_of(network, lambda: net.request(Request("GET", "https://api.acme.example/"))) == "private-address"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://evil.example/", "host-not-allowed"),
        ("https://api.acme.example:8443/", "host-not-allowed"),
        ("http://api.acme.example/", "host-not-allowed"),
        ("https://127.0.0.1/", "host-not-allowed"),
        ("https://2130706433/", "unfit"),
        ("https://api.acme.example@evil.example/", "unfit"),
    ],
)
def test_a_request_goes_to_the_tables_hosts_and_ports_alone(url, reason):
    network, net = net_to([])
    assert reason_of(network, lambda: net.request(Request("GET", url))) == reason


def test_ports_of_streams_are_a_list_too():
    network, net = net_to([["140.82.121.6"]])
    assert reason_of(network, lambda: net.connect("api.acme.example", 22)) == "host-not-allowed"


def test_a_users_own_server_may_be_inside_for_its_own_provider_alone():
    settings = {"endpoints": {"acme": ["http://git.internal:1"]}}
    network, net = net_to([["127.0.0.1"]] * 4, endpoint="http://git.internal:1", **settings)
    assert reason_of(network, lambda: net.request(Request("GET", "http://git.internal:1/me"))) == "connection"
    # Another provider's table that would lead there (a host out of a credential) is not the user's choice.
    network, _ = net_to([["127.0.0.1"]] * 4, **settings)
    other = BoundNet(network, Budget(9), ["git.internal"], [[443, 443]], 100.0)
    assert reason_of(network, lambda: other.request(Request("GET", "https://git.internal/me"))) == "private-address"


def test_endpoints_and_hosts_that_are_none_are_said_before_anything_is_sent():
    for bad in ("https://user@git.internal", "https://2130706433", "https://git.internal/?a=b"):
        with pytest.raises(ConfigError, match=r"verify\.endpoints"):
            Network(QUICK._replace(endpoints={"acme": [bad]}))
    with pytest.raises(ConfigError, match=r"verify\.allow_hosts"):
        Network(QUICK._replace(allow_hosts=["a b"]))
    with pytest.raises(ConfigError, match=r"verify\.ca_file"):
        Network(QUICK._replace(ca_file="/nonexistent.pem"))


def test_addresses_are_what_python_thinks_they_are():
    """The list above is about addresses, not about texts that no longer parse."""
    assert sum(1 for text in INSIDE if text not in ("nonsense", "") and ip_address(text.partition("%")[0])) == len(INSIDE) - 2
