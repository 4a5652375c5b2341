"""What is taken for a remote repository, what is a local path, and what is refused."""

import pytest

from leaksieve.errors import UsageError
from leaksieve.sources.remote_url import parse_remote, shown_remote

SECRET = "hunter2" + "Canary"


@pytest.mark.parametrize(
    ("text", "shown", "host", "port", "path"),
    [
        ("https://github.com/a/b.git", "https://github.com/a/b.git", "github.com", None, "/a/b.git"),
        ("HTTPS://GitHub.com:443/a/b", "https://github.com/a/b", "github.com", 443, "/a/b"),
        ("https://[::1]:8443/a", "https://[::1]:8443/a", "[::1]", 8443, "/a"),
        ("https://h/a%20b/~c", "https://h/a%20b/~c", "h", None, "/a%20b/~c"),
        ("https://h/é", "https://h/%C3%A9", "h", None, "/%C3%A9"),
        (f"https://user:{SECRET}@h:1/a", "https://h:1/a", "h", 1, "/a"),
        (f"https://{SECRET}@h/a", "https://h/a", "h", None, "/a"),
        ("ssh://git@h:2222/a/b", "ssh://git@h:2222/a/b", "h", 2222, "/a/b"),
        ("ssh://h/~me/b", "ssh://h/~me/b", "h", None, "/~me/b"),
        ("git@github.com:a/b.git", "git@github.com:a/b.git", "github.com", None, "a/b.git"),
        ("git@[::1]:a", "git@[::1]:a", "[::1]", None, "a"),
        ("git@h:/srv/a", "ssh://git@h/srv/a", "h", None, "/srv/a"),
        ("file:///srv/a%20b", "file:///srv/a%20b", "", None, "/srv/a%20b"),
        ("file://localhost/srv/a", "file:///srv/a", "", None, "/srv/a"),
    ],
)
def test_urls_that_are_taken(text, shown, host, port, path):
    url = parse_remote(text)
    assert url is not None
    assert (url.shown, url.host, url.port, url.path) == (shown, host, port, path)
    assert SECRET not in repr(url)


@pytest.mark.parametrize(
    "text", [".", "/srv/repo", "repo", "../x", "dir/with:colon", "./git@host:path", "./ext::x", "x/https://y", "host:path", "C:\\repo", "a@b", "", "-x"]
)
def test_local_paths(text):
    assert parse_remote(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "ext::sh -c touch% /tmp/x",
        "fd::3",
        "git://h/a",
        "ftp://h/a",
        "git+ssh://h/a",
        "http://localhost/a",
        "http://h/a",
        "-oProxyCommand=x://h/a",
        " https://h/a",
        "https://",
        "https:///a",
        "https://h",
        "https://h/",
        "https://-h/a",
        "https://h-/a",
        "https://h..x/a",
        "https://h%2ex/a",
        "https://h\u0430/a",
        "https://h:0/a",
        "https://h:65536/a",
        "https://h:/a",
        "https://h:\u0661/a",
        "https://[::1/a",
        "https://[fe80::1%25eth0]/a",
        "https://h/a\n",
        "https://h/a\0",
        "https://h/a b",
        "https://h/a\\b",
        "https://h\\@x/a",
        "https://h/a/../b",
        "https://h/%2e%2e/b",
        "https://h/a%2fb",
        "https://h/a%0d%0aHost:x",
        "https://h/a%00",
        "https://h/a%252e",
        "https://h/a%zz",
        "https://h/a%4",
        f"https://h/a?private_token={SECRET}",
        f"https://h/a#{SECRET}",
        f"https://h?x=a@{SECRET}",
        f"https://u:a?{SECRET}@h/a",
        f"https://u:{SECRET}@x@h/a",
        f"https://u:{SECRET}/x@h/a",
        f"https://u:{SECRET}%0a@h/a",
        f"https://u:{SECRET}%zz@h/a",
        f"https://-u:{SECRET}@h/a",
        f"ssh://u:{SECRET}@h/a",
        f"me:{SECRET}@h/a",
        f"me:{SECRET}@h:a",
        "ssh://-oProxyCommand=x/a",
        "ssh://-oProxyCommand=x@h/a",
        "ssh://git@-h/a",
        "ssh://git@h/-x",
        "ssh://git@h/a'b",
        "ssh://git@h/a;b",
        "ssh://git@h/$(x)",
        "ssh://git@h/a%20b",
        "ssh://git@h/../b",
        "ssh://g%0ait@h/a",
        "-oProxyCommand=x@h:a",
        "git@-h:a",
        "git@h:-a",
        "git@h:a b",
        "git@h:a`b`",
        "git@h:a\nb",
        "git@h:",
        "git@:a",
        "file://h/a",
        "file://../a",
        "file:///a%00b",
        "file:///a%0ab",
        "file:///a%zz",
        "file:///a/%2e%2e/b",
    ],
)
def test_what_is_refused(text):
    with pytest.raises(UsageError) as caught:
        parse_remote(text)
    assert caught.value.hint
    assert SECRET not in str(caught.value)
    assert str(caught.value).isprintable()


def test_plain_http_only_when_switched_on():
    url = parse_remote("http://h/a", allow_http=True)
    assert url is not None
    assert url.shown == "http://h/a"


def test_credentials_in_a_url_are_kept_and_not_shown():
    url = parse_remote(f"https://me%40x:{SECRET}%21@h/a")
    assert url.user.reveal() == b"me@x"
    assert url.password.reveal() == SECRET.encode() + b"!"
    assert SECRET not in f"{url} {url!r} {url.shown}"


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ("https://h/b", True),
        ("https://H:443/", True),
        ("https://x@h/b", True),
        ("http://h/b", False),
        ("https://h:8443/b", False),
        ("https://h.x/b", False),
        ("https://x/h", False),
        ("https://h@x/b", False),
    ],
)
def test_same_origin(other, same):
    assert parse_remote("https://h/a").same_origin(other) is same


def test_shown_remote_leaves_everything_doubtful_out():
    assert shown_remote(f"https://{SECRET}@h/a?x") == "https://..."
    assert shown_remote("https://h/a?x=1") == "https://h/a"
    assert shown_remote("https://h/\x1b[31m") == "https://h/?[31m"
