"""What the real commands write is documented in the schema, to the last field, and has every field that is promised."""

import json

import imagecraft as craft
import pytest
from gitrepo import GitRepo
from planted import token, zipped
from realrun import leaksieve
from reportschema import check_line, check_report

pytestmark = pytest.mark.e2e

FINDING = {
    "rule_id", "rule_name", "severity", "confidence", "tags", "secret", "parts", "fingerprint", "proof",
    "verdict", "links", "allowed", "already_present", "remediation", "occurrences",
}  # fmt: skip
PLACE = {
    "location_id", "path", "start_line", "end_line", "start_column", "end_column", "byte_start", "byte_end",
    "decoded", "archive_path", "context", "source",
}  # fmt: skip
SOURCE = {
    "git": {"object", "object_type", "commit", "author", "date", "refs", "first_seen", "last_seen", "at_head", "reachable"},
    "image": {"image", "layer", "layer_index", "created_by", "base_layer", "deleted_later", "where"},
}
RECEIPT = {"complete", "sources", "ruleset", "config", "engine", "version", "started", "seconds"}
TARGET = {"kind", "requested", "resolved", "expected", "scanned", "shallow", "partial", "submodules", "skipped"}


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """A repository with a secret in every kind of place, and an image."""
    root = tmp_path_factory.mktemp("promises")
    repo = GitRepo(root / "repo")
    repo.add("CODEOWNERS", "* @team/all\n")
    repo.add(".gitignore", ".env\n")
    repo.write(".env", "x\n")
    repo.add("a.env", f"KEY={token(1)}\n")
    repo.add("kit.zip", zipped({"in/a.txt": f"key = {token(2)}\n".encode(), f"{token(3)}.txt": b"x"}))
    repo.commit("first")
    repo("mv", "a.env", "b.env")
    repo.commit(f"renamed, with {token(4)}")
    repo.add("b.env", "none\n")
    repo.commit("gone")
    repo("tag", "-a", "-m", f"tag {token(5)}", "v1")
    repo("branch", f"x{token(6)}")
    repo.add("staged.env", f"KEY={token(7)}\n")
    repo.write("CODEOWNERS", f"* @team/all # {token(8)}\n")
    layers = [
        craft.layer([("etc/a.conf", f"key = {token(1)}\n".encode())]),
        craft.layer([("etc/.wh.a.conf", b""), ("b.zip", zipped({"a": token(2).encode()}))]),
    ]
    steps = [{"created": "2024-01-01T00:00:00Z", "created_by": "COPY a /"}, {"created": "2024-01-01T01:00:00Z", "created_by": "RUN b"}]
    craft.docker_archive(root / "image.tar", layers, craft.config(layers, steps, Env=[f"TOKEN={token(3)}"], Labels={"a": token(4)}, Cmd=["x", token(5)]))
    return root


COMMANDS = [
    ("dir", "repo"),
    ("git", "repo"),
    ("scan", "repo", "--no-cache"),
    ("git", "repo", "--staged"),
    ("git", "repo", "--unstaged"),
    ("git", "repo", "--range", "HEAD~2..HEAD"),
    ("git", "repo", "--no-attribution"),
    ("image", "image.tar"),
    ("scan", "image.tar"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_what_is_written_is_what_is_promised(places, command):
    run = leaksieve(*command, "-f", "json", "-f", "jsonl", "-o", "-", "-o", str(places / "report.jsonl"), "--exit-zero", cwd=places)
    report = run.report
    check_report(report)
    assert report["findings"], run
    for finding in report["findings"]:
        assert not (FINDING | PLACE) - set(finding)
        for place in finding["occurrences"]:
            assert not PLACE - set(place)
            assert not SOURCE.get(place["source"]["kind"], set()) - set(place["source"])
    assert not RECEIPT - set(report["coverage"])
    for source in report["coverage"]["sources"]:
        assert not TARGET - set(source)
    lines = [json.loads(line) for line in (places / "report.jsonl").read_text(encoding="utf-8").splitlines()]
    for line in lines:
        check_line(line)
    assert [line["type"] for line in lines].count("coverage") == 1
    assert lines[-1]["type"] == "coverage"
    assert [line["fingerprint"] for line in lines if line["type"] == "finding"] == [finding["fingerprint"] for finding in report["findings"]]
