"""What each host's variables and events ask for, and that nothing in them is taken for more than it is."""

import json

import pytest

from leaksieve.cli.ci.job import HOSTS, Job, branch, host_of, job_of, object_id
from leaksieve.errors import UsageError

A, B, C = "a" * 40, "b" * 40, "c" * 40
ZERO = "0" * 40


def github(tmp_path, name, event, **env):
    path = tmp_path / "event.json"
    path.write_text(json.dumps(event))
    return job_of("github", {"GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": str(path), "GITHUB_SHA": C, **env})


def request(**more):
    return {"pull_request": {"number": 7, "base": {"sha": A, "ref": "main"}, "head": {"sha": B, "ref": "feature"}, **more}}


@pytest.mark.parametrize("name", ["pull_request", "pull_request_target", "pull_request_review"])
def test_github_a_pull_request(tmp_path, name):
    job = github(tmp_path, name, request())
    assert (job.what, job.heads, job.bases[0], job.trusted[0], job.review, job.merge) == ("pull request 7", (B,), A, A, True, "HEAD")
    assert job.fetch == ("refs/pull/7/head", A, "refs/heads/main")
    assert not job.may_be_empty


def test_github_pushes(tmp_path):
    event = {"ref": "refs/heads/x", "before": A, "after": B, "repository": {"default_branch": "main"}}
    job = github(tmp_path, "push", event)
    assert (job.heads, job.bases, job.review, job.trusted) == ((B, C), (A,), False, ())
    created = github(tmp_path, "push", event | {"before": ZERO, "created": True})
    assert (created.bases, created.known, created.fetch) == (("refs/remotes/origin/main",), True, ("refs/heads/main",))
    first = github(tmp_path, "push", event | {"before": ZERO, "ref": "refs/heads/main"})
    assert (first.bases, first.known) == ((), True)
    deleted = github(tmp_path, "push", event | {"after": ZERO, "deleted": True})
    assert "deleted" in deleted.nothing


def test_github_the_rest(tmp_path):
    group = github(tmp_path, "merge_group", {"merge_group": {"base_sha": A, "head_sha": B}})
    assert (group.heads, group.bases, group.trusted, group.review) == ((B,), (A,), (A,), True)
    for name in ("schedule", "workflow_dispatch", "release"):
        assert github(tmp_path, name, {}).whole


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("pull_request", {"pull_request": {}}),
        ("pull_request", {}),
        ("pull_request_target", {"pull_request": None}),
        ("pull_request", {"pull_request": {"base": {"sha": "--output=x"}, "head": {"sha": "HEAD; rm -rf ."}}}),
        ("merge_group", {}),
        ("push", {"ref": "refs/heads/x"}),
    ],
)
def test_github_an_event_that_does_not_say_what_it_is_about_is_no_clean_run(tmp_path, name, event):
    with pytest.raises(UsageError):
        github(tmp_path, name, event, GITHUB_SHA="")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a":' * 100_000])
def test_github_an_event_that_cannot_be_read(tmp_path, text):
    path = tmp_path / "event.json"
    path.write_text(text)
    for each in (path, tmp_path / "none"):
        with pytest.raises(UsageError):
            job_of("github", {"GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": str(each)})


def test_gitlab():
    request = {
        "CI_PIPELINE_SOURCE": "merge_request_event",
        "CI_MERGE_REQUEST_IID": "3",
        "CI_COMMIT_SHA": B,
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": A,
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
    }
    job = job_of("gitlab", request)
    assert (job.what, job.heads, job.bases[0], job.trusted[0], job.review) == ("merge request 3", (B,), A, "refs/remotes/origin/main", True)
    merged = job_of("gitlab", request | {"CI_MERGE_REQUEST_TARGET_BRANCH_SHA": C})
    assert (merged.bases[0], merged.trusted[0]) == (C, C)
    push = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_SHA": B, "CI_COMMIT_BRANCH": "x", "CI_DEFAULT_BRANCH": "main"}
    assert job_of("gitlab", push | {"CI_COMMIT_BEFORE_SHA": A}).bases == (A,)
    assert job_of("gitlab", push | {"CI_COMMIT_BEFORE_SHA": ZERO}).bases == ("refs/remotes/origin/main",)
    external = {"CI_PIPELINE_SOURCE": "external_pull_request_event", "CI_COMMIT_SHA": B, "CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_SHA": A}
    assert job_of("gitlab", external).bases == (A,)
    assert job_of("gitlab", {"CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_SHA": B}).whole
    unnumbered = job_of("gitlab", request | {"CI_MERGE_REQUEST_IID": ""})
    assert (unnumbered.what, unnumbered.bases, unnumbered.trusted, unnumbered.review) == ("merge request", job.bases, job.trusted, True)
    for wrong in (
        {},
        {**request, "CI_MERGE_REQUEST_DIFF_BASE_SHA": "", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "-x"},
        {"CI_PIPELINE_SOURCE": "merge_request_event", "CI_COMMIT_SHA": B},
    ):
        with pytest.raises(UsageError):
            job_of("gitlab", wrong)


def test_azure():
    request = {
        "BUILD_REASON": "PullRequest",
        "SYSTEM_PULLREQUEST_PULLREQUESTID": "9",
        "SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main",
        "SYSTEM_PULLREQUEST_SOURCECOMMITID": B,
        "BUILD_SOURCEVERSION": C,
        "BUILD_SOURCEBRANCH": "refs/pull/9/merge",
    }
    job = job_of("azure", request)
    assert (job.heads[0], job.bases, job.merge, job.review) == (B, ("refs/remotes/origin/main",), "HEAD", True)
    assert job.fetch == ("refs/heads/main", B, "refs/pull/9/merge")
    push = job_of("azure", {"BUILD_REASON": "IndividualCI", "BUILD_SOURCEVERSION": B, "BUILD_SOURCEBRANCH": "refs/heads/x"})
    assert (push.heads[0], push.known) == (B, True)
    assert job_of("azure", {"BUILD_REASON": "Schedule", "BUILD_SOURCEVERSION": B}).whole
    with pytest.raises(UsageError):
        job_of("azure", request | {"SYSTEM_PULLREQUEST_TARGETBRANCH": "a..b"})


def test_bitbucket_and_jenkins():
    request = {"BITBUCKET_PR_ID": "4", "BITBUCKET_COMMIT": B, "BITBUCKET_PR_DESTINATION_BRANCH": "main", "BITBUCKET_PR_DESTINATION_COMMIT": A[:12]}
    job = job_of("bitbucket", request)
    assert (job.heads[0], job.bases, job.review) == (B, (A[:12], "refs/remotes/origin/main"), True)
    assert job_of("bitbucket", {"BITBUCKET_COMMIT": B, "BITBUCKET_BRANCH": "x"}).known
    assert job_of("bitbucket", {"BITBUCKET_COMMIT": B}).whole
    change = job_of("jenkins", {"CHANGE_ID": "4", "CHANGE_TARGET": "main", "GIT_COMMIT": B})
    assert (change.heads[0], change.bases, change.review) == (B, ("refs/remotes/origin/main",), True)
    build = job_of("jenkins", {"BRANCH_NAME": "x", "GIT_COMMIT": B, "GIT_PREVIOUS_SUCCESSFUL_COMMIT": A})
    assert build.bases == (A,)
    assert job_of("jenkins", {}).whole
    for host, wrong in (("bitbucket", {"BITBUCKET_PR_ID": "4"}), ("jenkins", {"CHANGE_ID": "4"})):
        with pytest.raises(UsageError):
            job_of(host, wrong)


def test_the_host_is_known_by_its_variables():
    seen = {"GITHUB_ACTIONS": "true", "GITLAB_CI": "true", "TF_BUILD": "True", "BITBUCKET_BUILD_NUMBER": "1", "JENKINS_URL": "http://x"}
    assert [host_of({name: value}) for name, value in seen.items()] == list(HOSTS)
    for none in ({}, {"CI": "true"}, {"GITHUB_ACTIONS": "false"}):
        with pytest.raises(UsageError, match="no CI system"):
            host_of(none)


@pytest.mark.parametrize(
    "text", ["--upload-pack=x", "a b", "a..b", "x\n", "-x", "a:b", "*", "x.lock", "a//b", "/a", "a/", "@{1}", "", None, 3, "a\x00", "a/.b"]
)
def test_names_of_branches_that_are_none_are_not_used(text):
    assert branch(text) == ""


def test_names_and_ids_that_are_some():
    assert branch("refs/heads/feature/ünï-1.2") == "feature/ünï-1.2"
    assert object_id(A) == A
    assert object_id("a" * 64)
    for text in (ZERO, "a" * 39, A.upper(), A + "\n", None, 5):
        assert object_id(text) == ""
    assert Job("x").whole is False
