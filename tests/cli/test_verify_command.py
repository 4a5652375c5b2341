"""``--verify``, ``--verify-plan`` and ``leaksieve verify``: what is said, sent, and reported."""

import json

import pytest
from answers import Answer, provider

GOOD = "ghp_" + "a1B2c3D4e5" * 3 + "f6G7h8"
OTHER = "ghp_" + "z9Y8x7W6v5" * 3 + "u4T3s2"


def github(asked):
    if asked.token == GOOD:
        return Answer(200, {"login": "octocat", "id": 7, "type": "User"}, {"X-OAuth-Scopes": "read:user"})
    return Answer(401, {"message": "Bad credentials"})


@pytest.fixture
def leaks(place):
    place.write("tree/app.env", f"GITHUB_TOKEN={GOOD}\n")
    place.write("tree/old.env", f"GITHUB_TOKEN={OTHER}\n")
    place.write("tree/again.env", f"GITHUB_TOKEN={GOOD}\n")
    return place


def findings(text):
    return {finding["verdict"]: finding for finding in json.loads(text)["findings"]}


def test_a_scan_that_asks(leaks):
    with provider(github) as server:
        done = leaks.run("dir", "tree", "-f", "json", "--verify", "--verify-endpoint", f"github={server.url}")
    assert done.code == 1
    found = findings(done.out)
    assert found["active"]["severity"] == "critical"
    assert found["active"]["proof"] == "verified"
    assert found["active"]["verification"]["identity"] == {"account": "7", "user": "octocat", "kind": "User"}
    assert found["active"]["verification"]["access"] == {"scopes": ["read:user"]}
    assert found["inactive"]["severity"] == "low"
    assert found["active"]["verification"]["detail"] is None
    # Two credentials, the one that stands twice once, and one that is made up.
    assert sorted(one.token for one in server.asked if one.token in (GOOD, OTHER)) == sorted([GOOD, OTHER])
    assert len(server.asked) == 3
    assert f"live checks: 127.0.0.1:{server.port}  GET /api/v3/user  2 credentials (github-user), and 1 with a made-up credential" in done.err
    receipt = json.loads(done.out)["coverage"]
    assert receipt["verification"]["verdicts"] == {"active": 1, "inactive": 1}
    assert GOOD not in done.out + done.err
    assert OTHER not in done.out + done.err


def test_dead_ones_fail_nothing_and_live_ones_can_be_all_that_counts(leaks):
    (leaks.path / "tree/app.env").unlink()
    (leaks.path / "tree/again.env").unlink()
    with provider(github) as server:
        ask = ("--verify", "--verify-endpoint", f"github={server.url}", "--no-verify-cache")
        assert leaks.run("dir", "tree", *ask).code == 0
        assert leaks.run("dir", "tree").code == 1
        assert leaks.run("dir", "tree", "--fail-on", "low", *ask).code == 1
        assert leaks.run("dir", "tree", "--fail-on", "low", "--fail-on-verified", *ask).code == 0
        done = leaks.run("dir", "tree", "-f", "json", "--only-verified", *ask)
    assert json.loads(done.out)["findings"] == []
    assert "hidden by --only-verified" in done.err


def test_the_plan_sends_nothing(leaks):
    with provider(github) as server:
        done = leaks.run("dir", "tree", "--verify-plan", "--verify-endpoint", f"github={server.url}")
        assert (done.code, len(server.asked)) == (0, 0)
        assert "GET /api/v3/user  2 credentials" in done.out
        done = leaks.run("dir", "tree", "--verify-plan", "-f", "json", "--verify-endpoint", f"github={server.url}")
        assert json.loads(done.out)["calls"][0] | {"port": 0} == {
            "verifier": "github-user",
            "host": "127.0.0.1",
            "port": 0,
            "what": "GET /api/v3/user",
            "credentials": 2,
            "control": True,
            "refused": False,
        }
        assert len(server.asked) == 0
    usual = leaks.run("dir", "tree", "--verify-plan")
    assert "api.github.com  GET /user" in usual.out


def test_the_plan_says_which_addresses_are_refused(place):
    """Addresses that stand there as such: what a name leads to is not known before it is resolved."""
    hosts = ("127.0.0.1", "169.254.169.254", "10.1.2.3", "203.0.114.9", "db.acmecorp.net")
    place.write("tree/app.env", "".join(f"DB_{n}=postgres://app:{'q7Xv' + 'Zk29mT4w'}{n}@{host}:5432/app\n" for n, host in enumerate(hosts)))
    place.write("allow.toml", 'allow_hosts = ["127.0.0.1", "10.0.0.0/8", "169.254.0.0/16"]\n')

    def planned(*more):
        done = place.run("dir", "tree", "--verify-plan", *more)
        lines = {line.split(":5432")[0]: line for line in done.out.splitlines() if ":5432" in line}
        calls = json.loads(place.run("dir", "tree", "--verify-plan", "-f", "json", *more).out)["calls"]
        closed = {call["host"] for call in calls if call["refused"]}
        assert {host for host, line in lines.items() if "refused, nothing is sent" in line} == closed
        assert len(lines) == len(hosts)
        return lines, closed

    lines, closed = planned()
    assert closed == {"127.0.0.1", "169.254.169.254", "10.1.2.3"}
    assert "1 credential (" in lines["10.1.2.3"]
    assert "`verify.allow_hosts` does not name it" in lines["10.1.2.3"]
    # That one is reached never, so nothing says how it could be.
    assert "allow_hosts" not in lines["169.254.169.254"]
    assert planned("--verify-config", "allow.toml")[1] == {"169.254.169.254"}
    place.write("bad.toml", 'allow_hosts = ["a b"]\n')
    assert place.run("dir", "tree", "--verify-plan", "--verify-config", "bad.toml").code == 2
    # The verdict says the same as the plan, and how it is opened.
    (place.path / "tree/app.env").write_text(f"DB=postgres://app:{'q7Xv' + 'Zk29mT4w'}@127.0.0.1:5432/app\n")
    done = place.run("dir", "tree", "--verify", "-f", "json", "--no-verify-cache")
    (found,) = json.loads(done.out)["findings"]
    assert (found["verdict"], found["verification"]["checked"]) == ("unknown", None)
    assert "unless `verify.allow_hosts` names it" in found["verification"]["detail"]
    assert "refused, nothing is sent" in done.err


@pytest.mark.parametrize(
    ("url", "open_to"),
    [
        ("http://ghe.example.com", ["ghe.example.com"]),
        ("http://10.0.0.7:8080", ["10.0.0.7:8080"]),
        ("https://ghe.example.com", []),
        ("http://127.0.0.1:8080", []),
        ("http://[::1]:8080", []),
        ("http://localhost", []),
    ],
)
def test_the_plan_says_where_a_credential_would_travel_unencrypted(leaks, url, open_to):
    ask = ("dir", "tree", "--verify-plan", "--verify-endpoint", f"github={url}")
    done = leaks.run(*ask)
    said = [line for line in done.out.splitlines() if "not encrypted" in line]
    assert (done.code, said) == (0, [f"not encrypted (plain http): everyone on the way to {place} could read the credential" for place in open_to])
    assert json.loads(leaks.run(*ask, "-f", "json").out)["unencrypted"] == open_to


def test_a_run_says_where_a_credential_would_travel_unencrypted(leaks):
    """Before anything is sent, and in the receipt; it is not refused.  Plain http goes through no proxy, so nothing leaves here."""
    proxy = {"https_proxy": "http://127.0.0.1:9", "no_proxy": ""}
    done = leaks.run("dir", "tree", "--verify", "-f", "json", "--verify-endpoint", "github=http://203.0.114.9", **proxy)
    assert "live checks: not encrypted (plain http): everyone on the way to 203.0.114.9 could read the credential" in done.err
    notes = json.loads(done.out)["coverage"]["notes"]
    assert "live checks: credentials for 203.0.114.9 travel over plain http, not encrypted" in notes
    with provider(github) as server:
        near = leaks.run("dir", "tree", "--verify", "-f", "json", "--verify-endpoint", f"github={server.url}")
    assert "not encrypted" not in near.err + near.out


def test_a_report_is_asked_about_later(leaks):
    """Values are read again from where they stand; what is gone stays unknown."""
    assert leaks.run("dir", "tree", "-f", "json", "-o", "report.json").code == 1
    assert GOOD not in (leaks.path / "report.json").read_text()
    (leaks.path / "tree/old.env").write_text("nothing here\n")
    leaks.write("tree/app.env", f"\n\n# moved\n  GITHUB_TOKEN={GOOD}\n")
    with provider(github) as server:
        ask = ("--verify-endpoint", f"github={server.url}", "--no-verify-cache")
        plan = leaks.run("verify", "report.json", "tree", "--verify-plan", *ask)
        assert ("1 credential" in plan.out, "could not be read again" in plan.out, len(server.asked)) == (True, True, 0)
        done = leaks.run("verify", "report.json", "tree", "-f", "json", *ask)
    found = findings(done.out)
    assert done.code == 1
    assert found["unknown"]["verification"]["reason"] == "value-gone"
    assert found["active"]["verification"]["checked"]
    assert GOOD not in done.out + done.err


def test_a_report_of_a_history_reads_objects_again(leaks):
    leaks.git("init", "-q", ".")
    leaks.git("add", "tree/app.env")
    leaks.git("commit", "-qm", "one")
    leaks.git("rm", "-qf", "tree/app.env")
    leaks.git("commit", "-qm", "two")
    assert leaks.run("git", "-f", "json", "-o", "report.json").code == 1
    with provider(github) as server:
        done = leaks.run("verify", "report.json", "-f", "json", "--verify-endpoint", f"github={server.url}")
    assert set(findings(done.out)) == {"active"}


def test_a_revealed_report_has_its_values(leaks):
    assert leaks.run("dir", "tree", "--reveal", "-f", "json", "-o", "report.json").code == 1
    for name in ("app", "old", "again"):
        (leaks.path / f"tree/{name}.env").unlink()
    with provider(github) as server:
        done = leaks.run("verify", "report.json", "tree", "-f", "json", "--verify-endpoint", f"github={server.url}")
    assert set(findings(done.out)) == {"active", "inactive"}


def test_a_report_that_leads_out_of_its_folder_reads_nothing_there(leaks):
    leaks.run("dir", "tree", "-f", "json", "-o", "report.json")
    report = (
        (leaks.path / "report.json")
        .read_text()
        .replace('"app.env"', '"../secret.env"')
        .replace('"again.env"', '"/etc/passwd"')
        .replace('"old.env"', '"x/../../secret.env"')
    )
    (leaks.path / "report.json").write_text(report)
    leaks.write("secret.env", f"GITHUB_TOKEN={GOOD}\nB={OTHER}\n")
    done = leaks.run("verify", "report.json", "tree", "--verify-plan")
    assert "2 not asked: its value could not be read again" in done.out


def test_a_report_that_leads_out_through_a_link_reads_nothing_there(leaks):
    leaks.run("dir", "tree", "-f", "json", "-o", "report.json")
    leaks.write("outside/app.env", f"GITHUB_TOKEN={GOOD}\n")
    (leaks.path / "tree/link").symlink_to("../outside")
    text = (leaks.path / "report.json").read_text()
    for name in ("app", "again", "old"):
        text = text.replace(f'"{name}.env"', '"link/app.env"')
    (leaks.path / "report.json").write_text(text)
    done = leaks.run("verify", "report.json", "tree", "--verify-plan")
    assert (done.code, done.out) == (0, "2 not asked: its value could not be read again\n")


@pytest.mark.parametrize(("old", "new"), [('"app.env"', r'"a\u0000b"'), ('"secret":"', r'"secret":"\ud800'), ('"secret": "', r'"secret": "\ud800')])
def test_a_report_that_nothing_could_have_written_breaks_nothing(leaks, old, new):
    leaks.run("dir", "tree", "-f", "json", "-o", "report.json")
    text = (leaks.path / "report.json").read_text()
    (leaks.path / "report.json").write_text(text.replace(old, new))
    done = leaks.run("verify", "report.json", "tree", "--verify-plan")
    assert (done.code, done.err) == (0, "")


def test_a_report_of_another_project_is_refused(leaks):
    leaks.run("dir", "tree", "-f", "json", "-o", "report.json", LEAKSIEVE_KEY="one")
    done = leaks.run("verify", "report.json", "tree", "--verify-plan")
    assert done.code == 2
    assert "made with another key" in done.err


@pytest.mark.parametrize("config", ['[verify]\nallow_hosts = ["127.0.0.1"]\n', '[verify.endpoints]\ngithub = "http://127.0.0.1:1"\n', '[[verify]]\nid = "x"\n'])
def test_a_repository_has_no_say(leaks, config):
    leaks.git("init", "-q", "tree")
    leaks.write("tree/leaksieve.toml", config)
    done = leaks.run("dir", "tree", "--verify-plan")
    assert done.code == 2
    assert "`verify` is not taken from the scanned repository" in done.err


def test_a_repositorys_rule_file_names_no_address(leaks):
    """Its rules count, its checks do not, and nothing its rules find is sent anywhere."""
    with provider(lambda _: Answer(200, {"id": "x"})) as server:
        leaks.git("init", "-q", "tree")
        leaks.write("tree/leaksieve.toml", 'rules = ["mine.toml"]\n')
        leaks.write("tree/mine.toml", RULE + TABLE)
        leaks.write("tree/app.env", "KEY=acmex_abcdefgh12345678\n")
        done = leaks.run("dir", "tree", "--verify", "-f", "json", "--verify-only", "acme*", "--verify-endpoint", f"acme={server.url}")
        assert (done.code, done.out, "under the name 'acme'" in done.err) == (2, "", True)
        done = leaks.run("dir", "tree", "--verify", "-f", "json", "--verify-only", "acme*")
        verdicts = {finding["rule_id"]: finding["verification"]["reason"] for finding in json.loads(done.out)["findings"]}
        assert verdicts["acme-token"] == "no-verifier"
        assert len(server.asked) == 0
        # The same file counts where the user names it.
        done = leaks.run("dir", "tree", "--verify-plan", "--no-repo-config", "--rules", "tree/mine.toml", "--verify-endpoint", f"acme={server.url}")
        assert f"127.0.0.1:{server.port}  GET /me  3 credentials (acme)" in done.out
        # Its table has the day its page was read.
        assert "documentation yet" not in done.out
        leaks.write("unread.toml", RULE + TABLE.replace("read = 2026-11-21\n", ""))
        ask = ("--no-repo-config", "--rules", "unread.toml", "--verify-endpoint", f"acme={server.url}")
        assert "checks not held against the provider's documentation yet: acme\n" in leaks.run("dir", "tree", "--verify-plan", *ask).out
        assert json.loads(leaks.run("dir", "tree", "--verify-plan", "-f", "json", *ask).out)["unread"] == ["acme"]


def test_files_for_live_checks(leaks):
    with provider(github) as server:
        leaks.write("live.toml", f'timeout = "5s"\n[endpoints]\ngithub = "{server.url}"\n')
        done = leaks.run("dir", "tree", "--verify", "--verify-config", "live.toml", "-f", "json")
        assert set(findings(done.out)) == {"active", "inactive"}
        leaks.write("whole.toml", f'fail_on = "high"\n[verify.endpoints]\ngithub = ["{server.url}"]\n')
        done = leaks.run("dir", "tree", "--verify", "-c", "whole.toml", "-f", "json")
        assert all(finding["verification"]["cached"] for finding in json.loads(done.out)["findings"])
    assert "[verify.endpoints]" in leaks.run("config", "show", "-c", "whole.toml").out


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--only-verified"], "--only-verified: means something with --verify alone"),
        (["--verify-timeout", "3s"], "--verify-timeout: means something with --verify alone"),
        (["--verify", "--verify-timeout", "soon"], "--verify-timeout: must be a time"),
        (["--verify", "--verify-endpoint", "github"], "--verify-endpoint: wants NAME=URL"),
        (["--verify", "--verify-endpoint", "github=https://u@x.example"], "verify.endpoints"),
        (["--verify-plan", "--verify-endpoint", "github=http://[::1"], "verify.endpoints: its address cannot be read"),
        (["--verify-plan", "--verify-endpoint", "github=https://x.example/?a=b"], "verify.endpoints: an endpoint has no query"),
        (["--verify", "--verify-endpoint", "githubb=https://x.example"], "under the name 'githubb'; did you mean `github`?"),
        (["--verify-plan", "--verify-endpoint", "slack=https://x.example"], "verify.endpoints: no check takes an address of its own under the name 'slack'"),
        (["--verify", "--verify-config", "other.toml"], "under the name 'gitlap'; did you mean `gitlab`?"),
        (["--verify", "--verify-only", "gihub-*"], "--verify-only: no rule is named `gihub-*`"),
        (["--verify-plan", "--verify-only", "github-*", "--verify-only", "github-clasic-token"], "did you mean `github-classic-token`?"),
        (["--verify", "--verify-config", "nothing.toml"], "nothing.toml: cannot be read"),
        (["--verify", "--verify-config", "bad.toml"], "did you mean `verify.timeout`"),
        (["--verify-plan", "-f", "csv"], "--verify-plan: is written as text or json"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_sent(leaks, args, said):
    leaks.write("bad.toml", "timeot = 3\n")
    leaks.write("other.toml", '[endpoints]\ngitlap = "https://gitlab.example.com"\n')
    done = leaks.run("dir", "tree", *args)
    assert (done.code, said in done.err) == (2, True), done


@pytest.mark.parametrize("only", ["github-user", "github-classic-*", "aiven-service-password"])
def test_checks_and_rules_can_be_asked_about_alone(leaks, only):
    assert leaks.run("dir", "tree", "--verify-plan", "--verify-only", only).code == 0


def test_without_the_extra_one_line_says_so(leaks):
    leaks.write("blocked/aiohttp.py", "raise ImportError('not here')\n")
    env = {"PYTHONPATH": f"{leaks.path / 'blocked'}:{leaks.env['PYTHONPATH']}"}
    done = leaks.run("dir", "tree", "--verify", **env)
    assert (done.code, done.err) == (2, "leaksieve: --verify: needs an HTTP client that is not installed; install leaksieve[verify]\n")
    assert leaks.run("dir", "tree", "--verify-plan", **env).code == 0


def test_nothing_of_live_checks_is_loaded_by_a_scan_that_has_none(leaks):
    import subprocess

    code = "import sys; from leaksieve.cli.main import main; main(['dir', 'tree', '-q']); print([m for m in sys.modules if 'verif' in m or m == 'aiohttp'])"
    done = subprocess.run([leaks.command()[0], "-P", "-c", code], cwd=leaks.path, env=leaks.env, capture_output=True, check=False, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] in ("[]", "['leaksieve.cli.verify_options']")


RULE = """
[family]
id = "acme"
name = "Acme"
documentation = "https://acme.example"
rotation = "https://acme.example"
impact = "All."
revoke = ["Revoke."]

[[rule]]
id = "acme-token"
name = "Acme token"
severity = "high"
confidence = "high"
keywords = ["acmex_"]
pattern = '(?<![A-Za-z0-9_])(?P<secret>acmex_[a-z0-9]{16})(?![A-Za-z0-9_])'
examples = ["KEY=acmex_<lowernum:16>"]
counter_examples = ["KEY=acmex_<lowernum:9>"]
"""
TABLE = """
[[verify]]
id = "acme"
rules = ["acme-token", "github-classic-token"]
documentation = "https://acme.example/docs"
read = 2026-11-21
good = "200"
bad = "401"
endpoint = "acme"
url = "https://api.acme.example/me"
auth = "bearer"
answers = [
  { verdict = "active", status = 200, json = { id = { present = true } } },
  { verdict = "inactive", status = 401 },
]
"""


def test_ctrl_c_at_what_goes_where_reports_what_was_found(tmp_path):
    """It comes when people read what would be sent: what was found is reported all the same."""
    from leaksieve.cli.verifying import Verification
    from leaksieve.coverage import Coverage
    from leaksieve.verifiers.settings import Settings

    def second_thoughts(_):
        raise KeyboardInterrupt

    settings = Settings(cache_dir=str(tmp_path).encode())
    coverage, findings = Coverage(), []
    assert Verification(settings, (), lambda: None)(findings, {}, second_thoughts, coverage) is findings
    assert (coverage.interrupted, coverage.notes) == (True, ["live checks: interrupted before they were begun"])
    with pytest.raises(KeyboardInterrupt):
        Verification(settings, (), lambda: None, plan_only=True)(findings, {}, second_thoughts, Coverage())


def test_ctrl_c_reports_what_is_known_by_then(leaks):
    import signal
    import subprocess

    def slow(asked):
        if asked.token == GOOD:
            # Its control probe never answers in time, nor does anything after it.
            return Answer(200, {"login": "octocat", "id": 7})
        if asked.token != OTHER:
            running.send_signal(signal.SIGINT)
            return Answer(401, {"message": "Bad credentials"}, delay=3)
        return Answer(401, {"message": "Bad credentials"})

    with provider(slow) as server:
        leaks.write("live.toml", f'concurrency = 1\n[endpoints]\ngithub = "{server.url}"\n')
        command = leaks.command("dir", "tree", "--verify", "-f", "json", "--verify-config", "live.toml")
        running = subprocess.Popen(command, cwd=leaks.path, env=leaks.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = running.communicate(timeout=60)
    assert running.returncode == 130
    report = json.loads(out)
    assert report["coverage"]["interrupted"]
    assert "interrupted" in {finding["verification"]["reason"] for finding in report["findings"]}
    assert b"Traceback" not in err


def test_every_format_says_it_and_shows_no_secret(leaks):
    formats = ("text", "json", "jsonl", "sarif", "gitlab", "junit", "csv", "html", "github", "markdown")
    args = [part for name in formats for part in ("-f", name, "-o", f"report.{name}" if name != "html" else "report.html")]
    with provider(github) as server:
        assert leaks.run("dir", "tree", "--verify", "--verify-endpoint", f"github={server.url}", *args).code == 1
    for name in formats:
        text = (leaks.path / f"report.{name}").read_text()
        assert "active" in text.lower(), name
        assert GOOD not in text
        assert OTHER not in text
        if name not in ("github", "sarif"):
            assert "octocat" in text, name
    lines = [json.loads(line) for line in (leaks.path / "report.jsonl").read_text().splitlines()]
    assert {line["verdict"] for line in lines if line["type"] == "verdict"} == {"active", "inactive"}
