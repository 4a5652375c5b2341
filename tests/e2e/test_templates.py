"""What hosts run: the action's scripts, the templates' lines, the image's file.  Their runners are not here; their shells are."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml
from gitrepo import GitRepo
from pushes import ROOT, leak, program, token

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(sys.platform == "win32", reason="shell scripts")]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"]}


@pytest.fixture
def change(tmp_path):
    """A checkout with a change that holds a secret: the repository, its base and its head."""
    repo = GitRepo(tmp_path / "checkout")
    repo.add("a.txt", "1\n")
    base = repo.commit("base")
    repo("update-ref", "refs/remotes/origin/main", base)
    return repo, base, leak(repo, "new.py", 2)


def shell(words, folder, **env):
    keep = {name: os.environ[name] for name in ("PATH", "HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM")}
    return subprocess.run(words, cwd=folder, env=keep | env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


def test_no_text_of_a_workflow_is_put_into_a_script():
    for step in STEPS.values():
        assert "${{" not in step.get("run", "")
    azure = yaml.safe_load((ROOT / "ci" / "azure-pipelines.yml").read_text())
    for step in azure["jobs"][0]["steps"]:
        assert "${{" not in step.get("script", "")
        assert "$(" not in step.get("script", "")
    assert re.fullmatch(r"github/codeql-action/upload-sarif@[0-9a-f]{40}", STEPS["Upload to code scanning"]["uses"])


def test_every_input_of_the_action_reaches_its_script():
    script = (ROOT / "ci" / "github" / "scan.sh").read_text()
    env = STEPS["Scan"]["env"]
    for name in ACTION["inputs"]:
        variable = "INPUT_" + name.upper().replace("-", "_")
        if name == "upload-sarif":
            assert f"inputs.{name}" in STEPS["Upload to code scanning"]["if"]
            continue
        assert env[variable] == "${{ inputs." + name + " }}"
        assert f"${variable}" in script
    for name, output in ACTION["outputs"].items():
        assert f'"{name}=' in script
        assert output["value"] == "${{ steps.scan.outputs." + name + " }}"


def action(repo, tmp_path, event, **inputs):
    """Run the action's scanning step with the real program; return the exit code, what it said and what it left."""
    (tmp_path / "event.json").write_text(json.dumps(event))
    (tmp_path / "venv").mkdir()
    program(tmp_path / "venv" / "bin")
    left = {"GITHUB_OUTPUT": tmp_path / "output", "GITHUB_STEP_SUMMARY": tmp_path / "summary"}
    for path in left.values():
        path.touch()
    env = {"INPUT_" + name.upper().replace("-", "_"): str(one["default"]) for name, one in ACTION["inputs"].items()}
    env |= {"INPUT_" + name.upper(): value for name, value in inputs.items()}
    env |= {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": str(tmp_path / "event.json")}
    env |= {"SOURCE": str(ROOT), "PROGRAM": str(tmp_path / "venv")} | {name: str(path) for name, path in left.items()}
    done = shell(["bash", "-euc", STEPS["Scan"]["run"]], repo.top, **env)
    return done.returncode, done.stdout, left["GITHUB_OUTPUT"].read_text(), left["GITHUB_STEP_SUMMARY"].read_text()


def test_the_action_annotates_sums_up_and_writes_sarif(change, tmp_path):
    repo, base, head = change
    event = {"pull_request": {"number": 1, "base": {"sha": base, "ref": "main"}, "head": {"sha": head}}}
    # A report that the checkout brings along must not be taken for ours, nor inputs for options.
    repo.write("leaksieve.sarif", "{}")
    code, said, output, summary = action(repo, tmp_path, event, BASELINE="\nci/none.baseline\n", CONFIG="$(touch pwned);`touch pwned`", FAIL_ON="low")
    assert code == 1, said
    assert any(line.startswith("::error file=new.py,line=1") for line in said.splitlines()), said
    assert output == "exit-code=1\nsarif-file=leaksieve.sarif\n"
    assert "new.py" in summary
    results = json.loads((repo.top / "leaksieve.sarif").read_text())["runs"][0]["results"]
    assert len(results) == 1
    for text in (said, summary, (repo.top / "leaksieve.sarif").read_text()):
        assert token(2) not in text
    assert not (repo.top / "pwned").exists()


def test_the_action_leaves_no_report_where_there_was_no_scan(change, tmp_path):
    repo, _, _ = change
    repo.write("leaksieve.sarif", "{}")
    code, said, output, _ = action(repo, tmp_path, {"pull_request": {}})
    assert code == 2, said
    assert output == "exit-code=2\n"


def test_the_action_is_installed_by_a_python_that_is_new_enough(tmp_path):
    """With programs that say what they were asked to do."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, new in (("python3", 1), ("python", 1), ("python3.13", 0)):
        body = f'case "$*" in *version_info*) exit {new};; esac\necho "{name} $*"\nmkdir -p "$TARGET/bin"; [ -e "$TARGET/bin/python" ] || cp "$0" "$TARGET/bin/python"\n'
        (programs / name).write_text(f"#!/bin/sh\n{body}")
        (programs / name).chmod(0o755)
    env = {"SOURCE": str(ROOT), "TARGET": str(tmp_path / "venv"), "PATH": f"{programs}:/usr/bin:/bin"}
    done = shell(["bash", str(ROOT / "ci" / "github" / "install.sh")], tmp_path, **env)
    assert done.returncode == 0, done.stdout
    lines = done.stdout.splitlines()
    assert lines[0] == f"python3.13 -I -m venv {tmp_path / 'venv'}"
    assert all(" -I -m " in line for line in lines)
    assert f"--require-hashes -r {ROOT}/requirements.lock" in lines[1]
    assert lines[2].endswith(f"--no-deps --no-build-isolation {ROOT}")
    (programs / "python3.13").unlink()
    for name in ("python3.14", "python3.12", "python3.11"):
        shutil.copy(programs / "python3", programs / name)
    done = shell(["bash", str(ROOT / "ci" / "github" / "install.sh")], tmp_path, **env)
    assert (done.returncode, done.stdout.startswith("::error")) == (2, True), done.stdout


def lines_of(name):
    """A template's script, and the variables of its host for a change."""
    text = (ROOT / "ci" / name).read_text()
    if name == "Jenkinsfile":
        return "\n".join(re.findall(r"sh '''\n(.*?)'''", text, re.DOTALL))
    content = yaml.safe_load(text)
    if name == "gitlab.yml":
        return "\n".join(content["leaksieve"]["script"])
    if name == "azure-pipelines.yml":
        return "\n".join(step["script"] for step in content["jobs"][0]["steps"] if "script" in step)
    return "\n".join(content["definitions"]["steps"][0]["step"]["script"])


@pytest.mark.parametrize(
    ("name", "env", "reports"),
    [
        (
            "gitlab.yml",
            {
                "GITLAB_CI": "true",
                "CI_PIPELINE_SOURCE": "merge_request_event",
                "CI_MERGE_REQUEST_IID": "1",
                "CI_MERGE_REQUEST_DIFF_BASE_SHA": "BASE",
                "CI_COMMIT_SHA": "HEAD",
            },
            ["gl-secret-detection-report.json", "leaksieve.sarif", "leaksieve-junit.xml"],
        ),
        (
            "azure-pipelines.yml",
            {
                "TF_BUILD": "True",
                "BUILD_REASON": "PullRequest",
                "SYSTEM_PULLREQUEST_PULLREQUESTID": "1",
                "SYSTEM_PULLREQUEST_TARGETBRANCH": "main",
                "SYSTEM_PULLREQUEST_SOURCECOMMITID": "HEAD",
                "AGENT_TEMPDIRECTORY": "TMP",
                "BUILD_ARTIFACTSTAGINGDIRECTORY": "TMP/staged",
            },
            ["TMP/staged/leaksieve/leaksieve.sarif", "TMP/staged/leaksieve/junit.xml"],
        ),
        (
            "bitbucket-pipelines.yml",
            {"BITBUCKET_BUILD_NUMBER": "1", "BITBUCKET_PR_ID": "1", "BITBUCKET_COMMIT": "HEAD", "BITBUCKET_PR_DESTINATION_BRANCH": "main"},
            ["test-results/leaksieve.xml", "leaksieve.sarif"],
        ),
        (
            "Jenkinsfile",
            {"JENKINS_URL": "http://x", "CHANGE_ID": "1", "CHANGE_TARGET": "main", "GIT_COMMIT": "HEAD", "WORKSPACE_TMP": "TMP"},
            ["leaksieve-junit.xml", "leaksieve.sarif"],
        ),
    ],
)
def test_the_lines_of_a_template_do_what_they_say(change, tmp_path, name, env, reports):
    repo, base, head = change
    programs = tmp_path / "bin"
    program(programs)
    # Installing needs the network: what would be installed is put there.
    (programs / "pip").write_text("#!/bin/sh\nexit 0\n")
    (programs / "python").write_text(f'#!/bin/sh\nmkdir -p "$4/bin"; cp {programs}/leaksieve {programs}/pip "$4/bin"\n')
    shutil.copy(programs / "python", programs / "python3")
    for each in programs.iterdir():
        each.chmod(0o755)
    stands = {"BASE": base, "HEAD": head, "TMP": str(tmp_path / "tmp")}

    def real(text):
        return re.sub("|".join(stands), lambda found: stands[found[0]], text)

    env = {key: real(value) for key, value in env.items()} | {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "LEAKSIEVE_OPTIONS": "",
        "LEAKSIEVE_PACKAGE": "x",
    }
    done = shell(["bash", "-euc", lines_of(name)], repo.top, **env)
    assert done.returncode == 1, done.stdout
    assert "new.py:1" in done.stdout
    for report in reports:
        text = (repo.top / real(report)).read_text()
        assert "new.py" in text
        assert token(2) not in text


def test_the_image_is_small_unprivileged_and_built_from_what_is_pinned():
    text = (ROOT / "Dockerfile").read_text()
    final = text.rsplit("FROM ", 1)[1]
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", final, re.MULTILINE)
    assert 'ENTRYPOINT ["leaksieve"]' in final
    assert "COPY ." not in final
    assert "--require-hashes" in text
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    project = (ROOT / "pyproject.toml").read_text()
    assert {"src", "rules", "man", "requirements.lock"} <= kept
    for name in kept:
        assert (ROOT / name).exists()
    assert set(re.findall(r'(?:readme = |license-files = \[)"([^"]+)"', project)) <= kept


def test_what_is_pinned_for_the_image_is_what_is_tested():
    def pins(name):
        return set(re.findall(r"^([a-z0-9-]+==[^ ;\\]+)", (ROOT / name).read_text(), re.MULTILINE))

    assert pins("requirements.lock") <= pins("requirements-dev.lock")
    import tomllib

    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    names = {pin.partition("==")[0] for pin in pins("requirements.lock")}
    assert {re.sub(r"[-_.]+", "-", re.match(r"[A-Za-z0-9_.-]+", one)[0].lower()) for one in wanted} <= names
