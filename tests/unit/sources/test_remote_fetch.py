"""What is said when a clone cannot be made, and by which libgit2 none is."""

import pytest

from leaksieve.sources.remote_child import Failed, Order
from leaksieve.sources.remote_fetch import explain, fetch

ORDER = Order(
    **{**dict.fromkeys(Order._fields), "scheme": "ssh", "host": "h", "password": "canaryWord", "passphrase": "canaryPhrase", "max_bytes": 10, "max_objects": 10}
)


def test_what_libgit2_says_is_passed_on_without_credentials_and_control_characters():
    failure = explain(ORDER, "failed at https://me:other@h/x with canaryWord, canaryPhrase\x1b[31m")
    assert failure.what == "cannot be fetched (failed at https://h/x with ***, *** [31m)"


def test_an_old_libgit2_is_not_used(monkeypatch):
    import pygit2

    monkeypatch.setattr(pygit2, "LIBGIT2_VERSION", "1.9.4")
    with pytest.raises(Failed, match="too old"):
        fetch(ORDER, lambda *_: None)


def test_a_libgit2_without_ssh_says_so(monkeypatch):
    import pygit2
    from pygit2.enums import Feature

    monkeypatch.setattr(pygit2, "features", Feature.HTTPS)
    with pytest.raises(Failed, match="cannot speak ssh") as caught:
        fetch(ORDER, lambda *_: None)
    assert "https://" in caught.value.hint
