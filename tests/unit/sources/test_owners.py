"""Who answers for a path, as CODEOWNERS says in GitHub's and in GitLab's form."""

import os

import pytest

from leaksieve.sources.owners import MAX_BYTES, Owners, owners_of

GITHUB = """\
# everything else
*       @global1 @org/team
*.js    @js-owner #a comment
/build/logs/ @doctocat
docs/*  docs@example.com
apps/   @octocat
/scripts/ @doctocat @octocat
**/logs @logger
/apps/github
space\\ d.txt @space
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("a.py", ("@global1", "@org/team")), ("x/a.js", ("@js-owner",)), ("build/logs/a/b", ("@logger",)), ("docs/a.md", ("docs@example.com",)),
        ("docs/build/a.md", ("@global1", "@org/team")), ("x/apps/y/z", ("@octocat",)), ("scripts/a", ("@doctocat", "@octocat")), ("apps/github", ()),
        ("space d.txt", ("@space",)),
    ],
)  # fmt: skip
def test_the_last_pattern_that_holds_counts(path, owners):
    assert Owners(GITHUB, "CODEOWNERS").of(path.encode()) == owners


GITLAB = """\
* @default
[Documentation] @docs-team
docs/
README.md @readme
^[Database][2] @db
model/db/
config/db.yml @ops
[documentation]
*.md @again
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("a.py", ("@default",)), ("docs/a.txt", ("@default", "@docs-team")), ("README.md", ("@default", "@again")), ("docs/x.md", ("@default", "@again")),
        ("model/db/a", ("@default", "@db")), ("app/model/db/a", ("@default", "@db")), ("x/config/db.yml", ("@default", "@ops")),
    ],
)  # fmt: skip
def test_each_section_has_its_owners(path, owners):
    assert Owners(GITLAB, "CODEOWNERS").of(path.encode()) == owners


def test_the_file_is_where_the_hosts_look(tmp_path):
    root = os.fsencode(tmp_path)
    assert owners_of(root) is None
    for place in (".gitlab/CODEOWNERS", "docs/CODEOWNERS", "CODEOWNERS", ".github/CODEOWNERS"):
        file = tmp_path / place
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"* @{place[-20:-10].strip('./') or 'root'}\n")
        assert owners_of(root).name == place


def test_files_that_are_none_are_passed_over(tmp_path):
    outside = tmp_path / "outside"
    outside.write_text("* @x\n")
    root = tmp_path / "repo"
    root.mkdir()
    (root / "CODEOWNERS").symlink_to(outside)
    (root / "docs").mkdir()
    os.mkfifo(root / "docs" / "CODEOWNERS")
    (root / ".gitlab").mkdir()
    (root / ".gitlab" / "CODEOWNERS").write_bytes(b"#" * (MAX_BYTES + 1))
    assert owners_of(os.fsencode(root)) is None


def test_what_is_no_owner_or_no_pattern_is_passed_over():
    owners = Owners("* nobody \u001b@x @y\n!a @z\n\\#b @hash\n", "CODEOWNERS")
    assert owners.of(b"a") == ("@y",)
    assert owners.of(b"#b") == ("@hash",)
