"""What registries demand, and what addresses mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaksieve.net.challenge import challenges
from leaksieve.registry.ranks import LOOPBACK, NEVER, PRIVATE, PUBLIC, rank_of


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (
            ['Bearer realm="https://auth.example/token",service="r.example",scope="repository:a/b:pull,push"'],
            [("bearer", {"realm": "https://auth.example/token", "service": "r.example", "scope": "repository:a/b:pull,push"})],
        ),
        (['Basic realm="x, y"'], [("basic", {"realm": "x, y"})]),
        (['basic  Realm = x , BEARER realm="y"'], [("basic", {"realm": "x"}), ("bearer", {"realm": "y"})]),
        (["Negotiate", "Basic"], [("negotiate", {}), ("basic", {})]),
        (["Negotiate, Basic realm=x"], [("negotiate", {}), ("basic", {"realm": "x"})]),
        ([r'Bearer realm="a\"b\\c"'], [("bearer", {"realm": r'a"b\c'})]),
        (['Bearer realm=https://auth.example/token,service="s"'], [("bearer", {"realm": "https://auth.example/token", "service": "s"})]),
        (['Bearer realm="first",realm="second"'], [("bearer", {"realm": "first"})]),
        (['realm="x"'], []),
        ([""], []),
        (['Bearer realm="never ends'], [("bearer", {})]),
    ],
)
def test_challenges(headers, expected):
    assert [tuple(each) for each in challenges(headers)] == expected


@given(st.lists(st.text(max_size=300), max_size=3))
def test_anything_may_stand_there(headers):
    for each in challenges(headers):
        assert each.scheme == each.scheme.lower()


@pytest.mark.parametrize(
    ("address", "rank"),
    [
        ("8.8.8.8", PUBLIC),
        ("2606:4700::1111", PUBLIC),
        ("10.1.2.3", PRIVATE),
        ("192.168.0.1", PRIVATE),
        ("172.16.9.9", PRIVATE),
        ("100.64.0.1", PRIVATE),
        ("fd12::1", PRIVATE),
        ("127.0.0.1", LOOPBACK),
        ("127.9.9.9", LOOPBACK),
        ("0.0.0.0", LOOPBACK),
        ("::1", LOOPBACK),
        ("::", LOOPBACK),
        ("::ffff:127.0.0.1", LOOPBACK),
        ("::ffff:10.0.0.1", PRIVATE),
        ("169.254.169.254", NEVER),
        ("::ffff:169.254.169.254", NEVER),
        ("fe80::1%eth0", NEVER),
        ("100.100.100.200", NEVER),
        ("fd00:ec2::254", NEVER),
        ("168.63.129.16", NEVER),
    ],
)
def test_how_far_inside_an_address_lies(address, rank):
    assert rank_of(address) == rank
