"""``leaksieve revoke``: what it says of every rule, and what it does when told to."""

import json

import pytest
from answers import Answer, provider
from rulebook import toml

from leaksieve.ruleset.verify_load import load_verifiers

# Said of a check whose page nobody has read yet.
READ = load_verifiers().of("github-classic-token")["read"]
UNREAD = "" if READ else "; what this provider answers was not held against its documentation yet"
GOOD = "ghp_" + "a1B2c3D4e5" * 3 + "f6G7h8"
OTHER = "ghp_" + "z9Y8x7W6v5" * 3 + "u4T3s2"


class GitHub:
    """Knows one token until it is revoked; ``takes`` is the status of that."""

    def __init__(self, takes=202):
        self.known, self.takes = {GOOD}, takes

    def __call__(self, asked):
        if asked.method == "POST":
            assert "Authorization" not in asked.headers
            if self.takes == 202:
                self.known -= set(json.loads(asked.body)["credentials"])
            return Answer(self.takes)
        if asked.token in self.known:
            return Answer(200, {"login": "octocat", "id": 7, "type": "User"})
        return Answer(401, {"message": "Bad credentials"})


@pytest.fixture
def leaks(place, monkeypatch):
    monkeypatch.setattr("leaksieve.verifiers.revoking.PAUSES", (0.0, 0.0))
    place.write("tree/app.env", f"GITHUB_TOKEN={GOOD}\n")
    place.write("tree/again.env", f"GITHUB_TOKEN={GOOD}\n")
    place.write("tree/key.env", "STRIPE_KEY=" + "sk_live_51" + "aB3dE6gH9k" * 9 + "aB3dE6g\n")
    assert place.run("dir", "tree", "-f", "json", "-o", "report.json").code == 1
    return place


def fingerprint(leaks, rule):
    (found,) = [one["fingerprint"] for one in json.loads((leaks.path / "report.json").read_text())["findings"] if one["rule_id"] == rule]
    return found


def test_of_a_rule_it_says_the_call_and_the_steps(place):
    done = place.run("revoke", "github-classic-token")
    assert done.code == 0
    for said in ("POST https://api.github.com/credentials/revoke", '{"credentials": ["{secret}"]}', "1. Delete the token", "By hand"):
        assert said in done.out
    done = place.run("revoke", "stripe-live-secret-key")
    assert "end itself" not in done.out
    assert "dashboard.stripe.com" in done.out
    assert ("that check was not held against the provider's documentation yet" in place.run("revoke", "github-classic-token").out) == (not READ)
    assert "documentation yet" not in place.run("revoke", "npm-access-token").out
    own = place.run("revoke", "github-classic-token", "--verify-endpoint", "github=https://git.example.com")
    assert "POST https://git.example.com/api/v3/credentials/revoke" in own.out


@pytest.mark.parametrize("rule_id", ["gitlab-access-token", "discord-webhook", "grafana-service-account-token", "front-credential", "private-key-pem"])
def test_every_rule_has_something_to_say(place, rule_id):
    done = place.run("revoke", rule_id)
    assert (done.code, "By hand:" in done.out, "  1. " in done.out) == (0, True, True)


def test_of_a_finding_it_says_where_it_stands_and_sends_nothing(leaks):
    with provider(GitHub()) as server:
        done = leaks.run("revoke", fingerprint(leaks, "github-classic-token"), "report.json", "tree", "--verify-endpoint", f"github={server.url}")
    assert (done.code, server.asked) == (0, [])
    assert "again.env:1:14 and 1 more" in done.out
    assert f"leaksieve revoke {fingerprint(leaks, 'github-classic-token')} report.json tree --yes" in done.out


def test_the_configuration_that_is_named_says_which_server_it_is(leaks):
    with provider(GitHub()) as server:
        leaks.write("own.toml", f'[verify.endpoints]\ngithub = "{server.url}"\n')
        for ask in (("github-classic-token",), (fingerprint(leaks, "github-classic-token"), "report.json", "tree")):
            done = leaks.run("revoke", *ask, "-c", "own.toml")
            assert (done.code, f"POST {server.url}/api/v3/credentials/revoke" in done.out, "api.github.com" in done.out) == (0, True, False)
            # Copied from there they ask the same server.
            assert " --yes --config own.toml\n" in done.out
            assert "leaksieve verify REPORT --config own.toml says" in done.out
        assert server.asked == []
        done = leaks.run("revoke", "github-classic-token", "report.json", "tree", "--yes", "--config", "own.toml")
        assert (done.code, len(server.asked)) == (0, 3)


@pytest.mark.parametrize("more", [(), ("--yes",)])
def test_an_address_under_a_name_that_no_check_has_is_refused(leaks, more):
    with provider(GitHub()) as server:
        done = leaks.run("revoke", fingerprint(leaks, "github-classic-token"), "report.json", "tree", "--verify-endpoint", f"git-hub={server.url}", *more)
    assert (done.code, server.asked) == (2, [])
    assert "under the name 'git-hub'; did you mean `github`?" in done.err


def test_rules_of_the_configuration_that_is_named_count(leaks):
    leaks.write("rules/acme.toml", toml())
    leaks.write("own.toml", 'rules = ["rules"]\n')
    assert leaks.run("revoke", "acme-token").code == 2
    done = leaks.run("revoke", "acme-token", "-c", "own.toml")
    assert (done.code, "1. Open the console." in done.out) == (0, True)


def test_a_revealed_report_gives_nothing_away(leaks):
    leaks.run("dir", "tree", "--reveal", "-f", "json", "-o", "whole.json")
    assert GOOD in (leaks.path / "whole.json").read_text()
    done = leaks.run("revoke", "github-classic-token", "whole.json", "tree")
    assert done.code == 0
    assert GOOD not in done.out + done.err


def test_told_to_it_ends_it_and_looks_whether_it_is_dead(leaks):
    with provider(GitHub()) as server:
        ask = ("github-classic-token", "report.json", "tree", "--yes", "--verify-endpoint", f"github={server.url}")
        done = leaks.run("revoke", *ask)
        assert (done.code, done.out) == (0, f"revoked, and dead: the provider calls it inactive{UNREAD}\n")
        assert f"POST /api/v3/credentials/revoke to 127.0.0.1:{server.port}. GitHub revokes the token" in done.err
        assert [one.method for one in server.asked] == ["GET", "POST", "GET"]
        again = leaks.run("revoke", *ask)
        assert (again.code, again.out) == (0, f"it was dead before (inactive{UNREAD}); nothing was sent to revoke it\n")
        # What is said before holds whether it is sent or not.
        for one in (done, again):
            assert (
                f"about to revoke {fingerprint(leaks, 'github-classic-token')} (github-classic-token): it is asked about first, and unless it is dead: POST"
                in one.err
            )
            assert "revoking" not in one.err
        assert [one.method for one in server.asked] == ["GET", "POST", "GET", "GET"]
        # What was kept of an earlier check is not believed any more.
        checked = leaks.run("verify", "report.json", "tree", "-f", "json", "--verify-only", "github-*", "--verify-endpoint", f"github={server.url}")
    assert "inactive" in {finding["verdict"] for finding in json.loads(checked.out)["findings"]}
    assert GOOD not in done.out + done.err + again.out + again.err


def test_it_says_beforehand_that_the_way_is_not_encrypted(leaks):
    """Plain http goes through no proxy, so nothing leaves here."""
    ask = ("github-classic-token", "report.json", "tree", "--yes", "--verify-endpoint", "github=http://203.0.114.9")
    done = leaks.run("revoke", *ask, https_proxy="http://127.0.0.1:9", no_proxy="")
    assert done.code == 3
    assert done.err.index("about to revoke") < done.err.index("not encrypted (plain http): everyone on the way to 203.0.114.9 could")


def test_a_refusal_leaves_the_steps_by_hand(leaks):
    with provider(GitHub(takes=403)) as server:
        done = leaks.run("revoke", "github-classic-token", "report.json", "tree", "--yes", "--verify-endpoint", f"github={server.url}")
    assert (done.code, done.out) == (1, "not revoked: the provider answered with status 403; it still works\n")
    assert "Delete the token under Settings" in done.err


def test_what_cannot_be_carried_out_is_said_and_sends_nothing(leaks):
    with provider(GitHub()) as server:
        ask = ("tree", "--yes", "--verify-endpoint", f"github={server.url}")
        stripe = leaks.run("revoke", "stripe-live-secret-key", "report.json", *ask)
        assert (stripe.code, "cannot end itself" in stripe.err) == (2, True)
        for name in ("app", "again"):
            (leaks.path / f"tree/{name}.env").unlink()
        gone = leaks.run("revoke", "github-classic-token", "report.json", *ask)
        assert (gone.code, "could not be read again" in gone.err) == (2, True)
    assert server.asked == []


def test_a_finding_is_named_exactly(leaks):
    assert "no finding" in leaks.run("revoke", "gitlab-access-token", "report.json").err
    assert "a fingerprint wants the report" in leaks.run("revoke", fingerprint(leaks, "github-classic-token")).err
    assert "wants a report" in leaks.run("revoke", "github-classic-token", "--yes").err
    assert "no rule is named" in leaks.run("revoke", "github-clasic-token").err
    leaks.write("tree/other.env", f"GITHUB_TOKEN={OTHER}\n")
    leaks.run("dir", "tree", "-f", "json", "-o", "two.json")
    several = leaks.run("revoke", "github-classic-token", "two.json", "tree", "--yes")
    assert (several.code, "name one by its fingerprint" in several.err) == (2, True)
