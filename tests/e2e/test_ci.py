"""CI jobs: fake events over real repositories, in the state the hosts' checkouts leave them in."""

import json

import pytest
from gitrepo import GitRepo
from pushes import Here, leak, token

pytestmark = pytest.mark.e2e
ZERO = "0" * 40
EXCUSE_ALL = '[[allow]]\nreason = "everything"\npaths = ["*"]\n'


class Host:
    """A hosted repository with a main branch, and checkouts of it."""

    def __init__(self, path, here):
        self.path, self.here = path, here
        self.origin = GitRepo(path / "origin")
        self.origin("config", "uploadpack.allowAnySHA1InWant", "true")
        leak(self.origin, "old.py", 1)
        self.base = self.origin.commit("base")
        self.count = 0

    def checkout(self, *options, at):
        """Clone as CI does, with one commit checked out."""
        self.count += 1
        top = self.path / f"checkout{self.count}"
        self.origin("clone", "-q", *options, f"file://{self.origin.top}", str(top))
        repo = GitRepo(top, init=False)
        repo("checkout", "-q", "--detach", at)
        return repo

    def github(self, repo, name, event, *args, **env):
        path = self.path / "event.json"
        path.write_text(json.dumps(event))
        return self.here(repo.top, "ci", *args, GITHUB_ACTIONS="true", GITHUB_EVENT_NAME=name, GITHUB_EVENT_PATH=str(path), CI="true", **env)

    def request(self, head, base=None, number=1):
        return {"pull_request": {"number": number, "base": {"sha": base or self.base, "ref": "main"}, "head": {"sha": head, "ref": "feature"}}}

    def push(self, before, after, ref="refs/heads/main", **more):
        return {"before": before, "after": after, "ref": ref, "repository": {"default_branch": "main"}, **more}


@pytest.fixture
def host(tmp_path, monkeypatch, capfd):
    return Host(tmp_path, Here(monkeypatch, capfd))


def test_a_pull_request_is_judged_by_what_it_adds_and_not_by_its_own_word(host):
    origin = host.origin
    origin("checkout", "-q", "-b", "feature")
    origin.add("leaksieve.toml", EXCUSE_ALL)
    origin.commit("be quiet")
    head = leak(origin, "new.py", 2, tail="  # leaksieve:allow -- please")
    # What the host makes of it, while main has moved on.
    origin("checkout", "-q", "main")
    leak(origin, "meanwhile.py", 3)
    origin("checkout", "-q", "--detach", "main")
    origin("merge", "-q", "--no-ff", "-m", "merge", "feature")
    merge = origin.id("HEAD")
    origin("update-ref", "refs/pull/1/merge", merge)
    origin("update-ref", "refs/pull/1/head", head)
    repo = host.checkout(at="origin/feature")
    repo("fetch", "-q", "origin", merge)
    repo("checkout", "-q", "--detach", merge)
    for event in (host.request(head), host.request(head, base=origin.id("main"))):
        code, said = host.github(repo, "pull_request", event)
        assert code == 1, said
        assert "new.py:1" in said
        assert "meanwhile.py" not in said, "main's own commits are not the request's"
        assert "old.py" not in said
        assert token(2) not in said
        assert "do not count in a change that is still to be reviewed" in " ".join(said.split())
    code, said = host.github(repo, "pull_request", host.request(head), "--inline-allow")
    assert code == 0, said
    code, said = host.github(repo, "pull_request", host.request(head), "--trust-repo-config", "--no-inline-allow")
    assert code == 0, said
    assert f"by the configuration of {head[:12]}" in said
    # Naming the request's files does not make them the base's.
    repo.write("own.baseline", "")
    code, said = host.github(repo, "pull_request", host.request(head), "--config", "leaksieve.toml", "--baseline", "own.baseline")
    assert code == 1, said
    assert "leaksieve.toml does not count" in " ".join(said.split())
    assert "own.baseline does not count" in " ".join(said.split())


def test_configuration_rules_and_baseline_of_the_base_do_count(host):
    origin = host.origin
    origin("checkout", "-q", "-b", "feature")
    head = leak(origin, "tests/new.py", 2)
    code, said = host.here(origin.top, "baseline", "create", ".", "-o", "known.baseline", "--yes")
    assert code == 0, said
    baseline = (origin.top / "known.baseline").read_text()
    repo = host.checkout(at=head)
    assert host.github(repo, "pull_request", host.request(head))[0] == 1
    origin("checkout", "-q", "main")
    origin.add("leaksieve.toml", '[[allow]]\nreason = "made up"\npaths = ["/tests/"]\n')
    origin.add("ci/known.baseline", baseline)
    configured = origin.commit("configuration")
    repo("fetch", "-q", "origin")
    code, said = host.github(repo, "pull_request", host.request(head, base=configured))
    assert code == 0, said
    assert f"by the configuration of {configured[:12]}" in said
    # The working tree has neither file.
    code, said = host.github(repo, "pull_request", host.request(head, base=configured), "--no-repo-config", "--baseline", "ci/known.baseline")
    assert code == 0, said
    origin.add("leaksieve.toml", "fail_onn = 1\n")
    broken = origin.commit("broken")
    repo("fetch", "-q", "origin")
    code, said = host.github(repo, "pull_request", host.request(head, base=broken))
    assert code == 2, said
    assert f"{broken[:12]}:leaksieve.toml: unknown key `fail_onn`" in said


def test_shallow_checkouts_are_exit_3_or_fetched(host):
    origin = host.origin
    origin("checkout", "-q", "-b", "feature")
    leak(origin, "new.py", 2)
    head = origin.commit("on top")
    origin("update-ref", "refs/pull/1/head", head)
    for name, event in (("pull_request", host.request(head)), ("push", host.push(host.base, head, "refs/heads/feature")), ("schedule", {})):
        repo = host.checkout("--depth", "1", "--branch", "feature", at="HEAD")
        code, said = host.github(repo, name, event)
        # What is found counts for more; that the rest was not seen is said all the same.
        assert code == (1 if name == "schedule" else 3), said
        assert "fetch-depth: 0" in " ".join(said.split())
        code, said = host.github(repo, name, event, "--fetch")
        assert code == 1, said
        assert "new.py:1" in said
        assert ("old.py:1" in said) == (name == "schedule")
    # pull_request_target: the base is checked out, the head is not there.
    origin("checkout", "-q", "main")
    origin("branch", "-q", "-D", "feature")
    repo = host.checkout("--depth", "1", at="HEAD")
    code, said = host.github(repo, "pull_request_target", host.request(head))
    assert code == 3, said
    code, said = host.github(repo, "pull_request_target", host.request(head), "--fetch")
    assert code == 1, said
    assert repo.id("HEAD") == host.base, "nothing of the request is checked out"


def test_pushes(host):
    origin = host.origin
    origin("checkout", "-q", "-b", "feature")
    first = leak(origin, "new.py", 2)
    second = origin.commit("on top")
    repo = host.checkout(at=second)
    # A new branch, an ordinary push, one behind the leak, a deletion, a branch of commits that main has.
    code, said = host.github(repo, "push", host.push(ZERO, second, "refs/heads/feature", created=True))
    assert (code, "new.py" in said, "old.py" in said) == (1, True, False), said
    assert host.github(repo, "push", host.push(host.base, second, "refs/heads/feature"))[0] == 1
    assert host.github(repo, "push", host.push(first, second, "refs/heads/feature"))[0] == 0
    code, said = host.github(repo, "push", host.push(first, ZERO, "refs/heads/feature", deleted=True))
    assert code == 0, said
    assert "deleted" in said
    assert host.github(repo, "push", host.push(ZERO, host.base, "refs/heads/again", created=True))[0] == 0
    # Forced: what was there before is gone from everywhere.
    code, said = host.github(repo, "push", host.push("1" * 40, second, "refs/heads/feature", forced=True))
    assert (code, "new.py" in said, "old.py" in said) == (1, True, False), said
    # The first push of all.
    code, said = host.github(repo, "push", host.push(ZERO, host.base))
    assert (code, "old.py" in said) == (1, True), said
    # A tag with a secret in its message, on a commit that is known.
    repo("tag", "-a", "v1", host.base, "-m", f"the key is {token(4)}")
    code, said = host.github(repo, "push", host.push(ZERO, repo.id("v1"), "refs/tags/v1"))
    assert code == 1, said
    code, said = host.github(repo, "merge_group", {"merge_group": {"base_sha": host.base, "head_sha": second}})
    assert (code, "new.py" in said) == (1, True), said


def test_other_hosts(host):
    origin = host.origin
    origin("checkout", "-q", "-b", "feature")
    origin.add("leaksieve.toml", EXCUSE_ALL)
    head = leak(origin, "new.py", 2)
    repo = host.checkout(at=head)
    hosts = [
        {
            "GITLAB_CI": "true",
            "CI_PIPELINE_SOURCE": "merge_request_event",
            "CI_MERGE_REQUEST_IID": "1",
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": host.base,
            "CI_COMMIT_SHA": head,
        },
        {
            "TF_BUILD": "True",
            "BUILD_REASON": "PullRequest",
            "SYSTEM_PULLREQUEST_PULLREQUESTID": "1",
            "SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main",
            "SYSTEM_PULLREQUEST_SOURCECOMMITID": head,
            "BUILD_SOURCEVERSION": head,
        },
        {
            "BITBUCKET_BUILD_NUMBER": "1",
            "BITBUCKET_PR_ID": "1",
            "BITBUCKET_COMMIT": head,
            "BITBUCKET_PR_DESTINATION_COMMIT": host.base[:12],
            "BITBUCKET_PR_DESTINATION_BRANCH": "main",
        },
        {"JENKINS_URL": "http://x", "CHANGE_ID": "1", "CHANGE_TARGET": "main", "GIT_COMMIT": head},
    ]
    for env in hosts:
        code, said = host.here(repo.top, "ci", CI="true", **env)
        assert (code, "new.py:1" in said, "old.py" in said) == (1, True, False), said
    # A push there is judged by what the pushed commit says.
    push = {"GITLAB_CI": "true", "CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "feature", "CI_COMMIT_BEFORE_SHA": host.base, "CI_COMMIT_SHA": head}
    assert host.here(repo.top, "ci", **push)[0] == 0
    assert host.here(repo.top, "ci", "--base", host.base, "--head", head)[0] == 1
    for wrong in (("--base", "nowhere"), ("--base", head, "--head", host.base)):
        code, said = host.here(repo.top, "ci", *wrong)
        assert code == 3, said


def test_what_a_pull_request_carries_cannot_lead_elsewhere(host, tmp_path):
    """A link for a configuration, paths that climb out, names with commands in them."""
    origin = host.origin
    (tmp_path / "outside.toml").write_text("exit_zero = true\n")
    (origin.top / "leaksieve.toml").symlink_to(tmp_path / "outside.toml")
    origin("add", "leaksieve.toml")
    linked = origin.commit("a link")
    origin("checkout", "-q", "-b", "feature")
    head = leak(origin, "x%0A::add-mask::y,z.py", 2)
    repo = host.checkout(at=head)
    code, said = host.github(repo, "pull_request", host.request(head, base=linked), "-f", "github")
    assert code == 2, said
    assert "is a link" in said
    event = host.request(head)
    event["pull_request"]["head"]["ref"] = "x`id`\n::error::"
    code, said = host.github(repo, "pull_request", event, "-f", "github")
    assert code == 1, said
    lines = [line for line in said.splitlines() if line.startswith("::")]
    assert any("file=x%250A%3A%3Aadd-mask%3A%3Ay%2Cz.py" in line for line in lines), said
    assert all(line.startswith(("::error ", "::notice ", "::warning ")) for line in lines)
