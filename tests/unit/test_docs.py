"""What the documentation says of the program is what the program is: generated pages, commands, tables, links."""

import json
import os
import re
import shlex
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import click
import pytest
import yaml

from leaksieve.cli.lazy import LazyGroup
from leaksieve.cli.root import COMMANDS, root
from leaksieve.errors import ExitCode
from leaksieve.reports import FORMATS
from leaksieve.ruleset.load import load
from leaksieve.ruleset.reference import main, reference

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md"), ROOT / "rules" / "README.md"])
README = (ROOT / "README.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```([a-z]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(?<!`)`(leaksieve [^`\n]+)`")


def script(name):
    """A script of docs/ as a module."""
    spec = spec_from_file_location(name, DOCS / f"{name}.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def named(pages):
    return [pytest.param(page, id=str(page.relative_to(ROOT))) for page in pages]


def test_the_command_reference_is_what_the_program_says():
    assert (DOCS / "cli.md").read_text(encoding="utf-8") == script("make_cli").page(), "run `make docs`"


def test_the_rule_reference_is_what_the_rules_say():
    assert (DOCS / "rules.md").read_text(encoding="utf-8") == reference(load()), "run `make docs`"


def test_the_rule_reference_names_every_rule_once():
    ids = re.findall(r"^\| `([^`]+)` \|", reference(load()), re.MULTILINE)
    assert sorted(ids) == sorted(load().ids)


def test_the_rule_reference_goes_where_it_is_wanted(tmp_path, capsys):
    main([str(tmp_path / "rules.md")])
    main([])
    assert (tmp_path / "rules.md").read_text(encoding="utf-8") == capsys.readouterr().out == reference(load())


def test_the_readme_claims_no_more_rules_than_there_are():
    claimed = int(re.search(r"More than (\d+) rules", README)[1])
    assert claimed < len(load())


def test_the_scan_in_the_readme_is_what_the_program_prints():
    """But for the time it took and the number of rules."""
    shown = next(text for kind, text in FENCE.findall(README) if kind == "console")

    def scrubbed(text):
        return re.sub(r"in [\d.]+ s with [\d,]+ rules", "in T with N rules", text).strip()

    picture = script("make_picture")
    printed = picture.scan(color=False)
    assert scrubbed(shown) == scrubbed(f"$ {picture.COMMAND}\n\n{printed}"), "run `make docs`"
    drawn = "\n".join("".join(re.findall(r">([^<>]+)</tspan>", line)) for line in picture.PICTURE.read_text(encoding="utf-8").split("\n"))
    for line in ("Stripe live secret key", "Connection URL with a password", "not at HEAD, still in", "4 secrets in 5 places"):
        assert line in drawn


def test_no_secret_stands_in_the_picture():
    from leaksieve import Scanner
    from leaksieve.ruleset.template import expand

    for page in (DOCS / "scan.svg", ROOT / "README.md"):
        data = page.read_bytes()
        assert expand("sk_live_<alnum:24>", 11)[12:] not in data
        assert [finding.rule_id for finding in Scanner().scan_bytes(data, path="x") if not finding.rule_id.startswith("generic-")] == []


def rows(text, heading):
    """The table after a heading, as lists of cells."""
    part = text.split(heading, 1)[1].split("\n#", 1)[0]
    lines = [line for line in part.split("\n") if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


@pytest.mark.parametrize(("page", "heading"), [("README.md", "## Exit codes"), ("docs/exit-codes.md", "# Exit codes")])
def test_the_exit_codes_are_the_programs(page, heading):
    table = rows((ROOT / page).read_text(encoding="utf-8"), heading)
    assert [int(row[0]) for row in table] == sorted(code.value for code in ExitCode)


def test_the_precedence_of_exit_codes_is_the_programs():
    order = re.search(r"Precedence when several apply: (.*)\.", ExitCode.__doc__)[1].split(", ")
    numbers = ", ".join(str(ExitCode[name].value) for name in order)
    assert f"the first of {numbers} is taken" in README
    assert f"the first of **{numbers}** is taken" in (DOCS / "exit-codes.md").read_text(encoding="utf-8")


def test_the_defaults_in_the_readme_are_the_programs():
    from leaksieve.config import Config

    assert f"`--fail-on` (default `{Config().fail_on}`)" in README
    assert f"Files over {Config().max_file_size // 2**20} MiB" in README
    limits = (DOCS / "limits.md").read_text(encoding="utf-8")
    assert f"({Config().max_file_size // 2**20} MiB)" in limits
    assert f"`--rule-timeout` ({Config().rule_timeout:g} s)" in limits


def test_the_limits_are_the_engines():
    from leaksieve.engine import decoders, matcher
    from leaksieve.ruleset import compile as compiler
    from leaksieve.ruleset import encoded

    limits = (DOCS / "limits.md").read_text(encoding="utf-8")
    assert f"{decoders.LEFT // 1024} KiB to the left of a hit and {decoders.RIGHT // 1024} KiB to the right" in limits
    assert f"More than {matcher.MAX_REGIONS:,} encoded regions" in limits
    assert f"at most {compiler.MAX_MATCH // 1024} KiB long, a private key block {compiler.MAX_BLOCK // 1024} KiB" in limits
    assert encoded.MIN_KEYWORD == 4
    assert "fewer than four characters" in limits


def test_the_defaults_in_the_help_texts_are_the_configurations():
    """`[default: ...]` is written by hand there, since the options themselves have none."""
    from leaksieve.cli.options import _parameters
    from leaksieve.config import Config
    from leaksieve.config.fields import FIELDS
    from leaksieve.config.values import check

    seen = 0
    for option in _parameters(ignore_files=True):
        said = re.search(r"\[default: ([^\]]+)\]", option.help)
        field = FIELDS.get(option.name)
        if said and field is not None and option.name not in ("jobs", "timeout"):
            assert check(field, said[1]) == getattr(Config(), option.name), option.name
            seen += 1
    assert seen >= 7


def test_the_formats_are_the_programs():
    text = (DOCS / "reports.md").read_text(encoding="utf-8")
    assert tuple(row[0].strip("`") for row in rows(text, "# Reports")) == FORMATS


@pytest.mark.parametrize(
    ("heading", "schemas"),
    [
        ("### Finding", ["findingFields"]),
        ("### Place", ["place"]),
        ("### Coverage", ["coverageFields"]),
        ("Each of `sources`", ["sourceCoverage"]),
        ("Each of `skipped`", ["skip"]),
    ],
)
def test_the_fields_are_those_of_the_schema(heading, schemas):
    text = (DOCS / "reports.md").read_text(encoding="utf-8")
    schema = json.loads((ROOT / "src" / "leaksieve" / "reports" / "schema.json").read_text(encoding="utf-8"))
    part = text.split(heading, 1)[1].lstrip("#")
    table = part[part.index("\n|") :].split("\n\n", 1)[0]
    documented = [name for line in table.strip().split("\n")[2:] for name in re.findall(r"`([a-z_]+)`", line.split(" | ")[0])]
    properties = [name for each in schemas for name in schema["$defs"][each]["properties"]]
    assert sorted(documented) == sorted(properties)


def test_the_fields_of_a_place_in_a_history_are_those_of_the_schema():
    table = rows((DOCS / "history.md").read_text(encoding="utf-8").replace("In JSON, `source`", "\n# JSON"), "# JSON")
    schema = json.loads((ROOT / "src" / "leaksieve" / "reports" / "schema.json").read_text(encoding="utf-8"))["$defs"]["gitSource"]["properties"]
    assert sorted(name for row in table for name in re.findall(r"`([a-z_]+)`", row[0])) == sorted(schema)
    where = next(row[1] for row in table if row[0] == "`where`")
    assert sorted(re.findall(r"`([a-z-]+)`", where)) == sorted(schema["where"]["enum"])


def test_the_fields_of_a_place_in_an_image_are_those_of_the_schema():
    table = rows((DOCS / "images.md").read_text(encoding="utf-8").replace("In JSON the `source`", "\n# JSON"), "# JSON")
    schema = json.loads((ROOT / "src" / "leaksieve" / "reports" / "schema.json").read_text(encoding="utf-8"))["$defs"]["imageSource"]["properties"]
    assert sorted(name for row in table for name in re.findall(r"`([a-z_]+)`", row[0])) == sorted(schema)
    where = next(row[1] for row in table if row[0] == "`where`")
    assert sorted(re.findall(r"`([a-z-]+)`", where)) == sorted(schema["where"]["enum"])


def test_every_place_in_a_history_that_is_said_in_words_is_explained():
    from leaksieve.reports.text_finding import _WHERE

    explained = [row[0] for row in rows((DOCS / "history.md").read_text(encoding="utf-8"), "## What is said of a secret")]
    for words in _WHERE.values():
        assert any(words in row or words.removeprefix("in ") in row for row in explained), words


def test_the_limits_of_clones_are_those_of_the_program():
    from leaksieve.findings.attribution import MOST_PATHS
    from leaksieve.gitobjects.reached import MOST_REFS
    from leaksieve.history_places import MOST_DANGLING
    from leaksieve.sources.remote import MAX_BYTES, MAX_OBJECTS, TIMEOUT_SECONDS

    text = (DOCS / "history.md").read_text(encoding="utf-8")
    assert f"At most {MAX_BYTES >> 30} GiB and {MAX_OBJECTS // 10**6} million objects; an hour" in text
    assert TIMEOUT_SECONDS == 3600
    assert f"(at most {MOST_REFS})" in text
    limits = (DOCS / "limits.md").read_text(encoding="utf-8")
    assert f"At most {MOST_PATHS} paths of one secret are named" in limits
    assert f"are named up to {MOST_DANGLING}" in limits


@pytest.fixture(scope="session")
def repositories(tmp_path_factory):
    """A folder in a repository of the kind the pages speak of: a branch ahead of its remote's, a tag, another repository and a bare one beside."""
    top = tmp_path_factory.mktemp("docs")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "LEAKSIEVE_"))}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "XDG_CACHE_HOME": str(top / "cache"), "HOME": str(top)}
    for role in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{role}_NAME": "Ada", f"GIT_{role}_EMAIL": "ada@shop.example", f"GIT_{role}_DATE": "2024-03-04T09:30:00+00:00"}

    def git(*words, folder=top):
        subprocess.run(["git", *words], cwd=folder, env=environment, check=True, capture_output=True)

    work = top / "work"
    git("init", "-q", "-b", "main", str(work))
    for number in (1, 2):
        (work / "a.txt").write_text(f"{number}\n")
        git("add", ".", folder=work)
        git("commit", "-q", "-m", "a commit", folder=work)
    git("tag", "v1.0", "HEAD~1", folder=work)
    git("update-ref", "refs/remotes/origin/main", "v1.0", folder=work)
    (work / "a.txt").write_text("3\n")
    git("clone", "-q", str(work), "path/to/repo", folder=work)
    git("clone", "-q", "--bare", str(work), "path/to/bare.git", folder=work)
    program = top / "bin" / "leaksieve"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m leaksieve "$@"\n')
    program.chmod(0o755)
    return work, environment | {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}


def offline(page):
    """The command lines in a page's blocks that need no other machine and no real repository of the reader's."""
    lines = [line for kind, block in FENCE.findall((DOCS / page).read_text(encoding="utf-8")) if kind == "sh" for line in block.splitlines()]
    return [line for line in lines if line.startswith("leaksieve ") and not re.search(r"://|@git", line)]


@pytest.mark.e2e
@pytest.mark.parametrize("line", offline("history.md"))
def test_every_command_in_the_page_on_history_works_as_it_stands(line, repositories):
    """Nothing is found there, so every one of them is exit 0, with everything read."""
    work, environment = repositories
    done = subprocess.run(line, shell=True, cwd=work, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No secrets found in" in done.stdout or "nothing to scan" in done.stdout
    assert "nothing to scan" not in done.stdout or "--staged" in line


def commands(text):
    """Every command line that calls leaksieve, in fenced blocks and in spans."""
    lines = []
    for kind, block in FENCE.findall(text):
        if kind in ("sh", "bash", "console"):
            lines += [line.removeprefix("$ ") for line in block.split("\n") if kind != "console" or line.startswith("$ ")]
        elif kind == "yaml":
            lines += [re.sub(r"^\s*(- )?(run: |entry: )?", "", line) for line in block.split("\n")]
    found = []
    for line in lines:
        for part in re.split(r"&&|\|\||[|;]", line.split("  #")[0]):
            if part.strip().startswith("leaksieve "):
                found.append(part.strip())
    return found + [span for span in SPAN.findall(FENCE.sub("", text)) if not re.search(r"[A-Z]{3}|\.\.\.|\$|COMMAND", span)]


def parses(line):
    """Parse a command line as the program does, without running it; returns the path of commands."""
    command, args = root, shlex.split(line)[1:]
    ctx = click.Context(root, info_name="leaksieve")
    path = []
    while isinstance(command, LazyGroup) and args and not args[0].startswith("-"):
        name, command, args = command.resolve_command(ctx, args)
        path.append(name)
        ctx = click.Context(command, parent=ctx, info_name=name)
    if args not in (["--help"], ["--version"]) and not isinstance(command, LazyGroup):
        # A span may name a command without what it wants.
        wanted = [[one.opts[0], "x"] if isinstance(one, click.Option) else ["x"] for one in command.params if one.required]
        command.make_context(path[-1], args or [word for words in wanted for word in words])
    return path


EVERY = [(page, line) for page in PAGES if page.name != "cli.md" for line in commands(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("line", sorted({line for _, line in EVERY}))
def test_every_command_that_is_shown_is_one_that_the_program_takes(line):
    parses(line)


def test_commands_that_are_shown_as_blocks_work_today():
    for page in PAGES:
        for line in commands("".join(f"```{kind}\n{block}```\n" for kind, block in FENCE.findall(page.read_text(encoding="utf-8")))):
            assert COMMANDS[parses(line)[0]].home, f"{page.name}: {line}"
            assert "later" not in line


def test_the_check_of_commands_can_fail():
    assert len(EVERY) > 25
    for wrong in ("leaksieve scan . --fail-on dire", "leaksieve scam .", "leaksieve dir . --colour"):
        with pytest.raises(click.ClickException):
            parses(wrong)


@pytest.mark.parametrize("page", named(PAGES))
def test_links_lead_somewhere(page):
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{page.name} links to {target}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", FENCE.sub("", file.read_text(encoding="utf-8")), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}, target


def test_every_page_is_reached_from_the_readme():
    reached = {match for page in PAGES for match in re.findall(r"\]\((?:docs/)?([a-z-]+\.md)", page.read_text(encoding="utf-8"))}
    assert {page.name for page in DOCS.glob("*.md")} <= reached


@pytest.mark.parametrize("page", named(PAGES))
def test_yaml_blocks_can_be_read(page):
    for kind, block in FENCE.findall(page.read_text(encoding="utf-8")):
        if kind == "yaml":
            yaml.safe_load(block)


def test_the_hook_ids_are_those_of_the_manifest():
    manifest = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    table = rows((DOCS / "pre-commit.md").read_text(encoding="utf-8"), "## With pre-commit")
    assert sorted(row[0].strip("`") for row in table) == sorted(hook["id"] for hook in manifest)


def test_our_own_hook_is_the_one_we_offer():
    manifest = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))}
    ours = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"][0]
    offered = manifest[ours["id"]]
    for key in ("entry", "stages", "pass_filenames", "always_run", "require_serial"):
        assert ours[key] == offered[key], key


def test_the_example_of_an_own_rule_holds(tmp_path):
    from leaksieve.ruleset.check import check_paths

    text = (DOCS / "writing-rules.md").read_text(encoding="utf-8")
    for number, block in enumerate(block for kind, block in FENCE.findall(text) if kind == "toml"):
        (tmp_path / f"own{number}.toml").write_text(block)
    assert len(list(tmp_path.iterdir())) >= 2
    assert check_paths([str(tmp_path)]) == []


def test_the_python_example_runs(tmp_path):
    example = next(block for kind, block in FENCE.findall(README) if kind == "python")
    (tmp_path / "path" / "to" / "project").mkdir(parents=True)
    done = subprocess.run([sys.executable, "-c", example], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (0, ["True"]), done.stderr


def test_the_lock_file_pins_everything_by_hash_and_names_no_machine():
    text = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")
    pins = re.findall(r"^([a-z0-9-]+)==\S+.*\\\n((?:    --hash=sha256:[0-9a-f]{64}.*\n)+)", text, re.MULTILINE)
    assert len(pins) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE)) > 40
    assert not re.search(r"://|--index|--find-links|/(?:home|root|tmp|opt|work)/", text)


def test_the_lock_file_holds_what_the_project_asks_for():
    """Names alone: whether the versions fit is seen when it is installed."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    wanted = [one for one in (*project["project"]["dependencies"], *groups["test"], *groups["lint"]) if isinstance(one, str)]
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements-dev.lock").read_text(encoding="utf-8"), re.MULTILINE))
    assert {re.sub(r"[-_.]+", "-", re.match(r"[A-Za-z0-9_.-]+", one)[0].lower()) for one in wanted} <= locked
