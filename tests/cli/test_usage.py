"""What is said, and with which exit code, when a command cannot be carried out as given."""

import json
import os
import subprocess

import jsonschema
import pytest

from leaksieve.cli.options import FORMATS
from leaksieve.cli.root import COMMANDS
from leaksieve.reports import FORMATS as PRESENT

LATER_COMMANDS = [name for name, entry in COMMANDS.items() if not entry.home]


def is_one_line(text: str) -> bool:
    return text.startswith("leaksieve") and text.count("\n") == 1


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["scna"], "no such command `scna`; did you mean `scan`?"),
        (["rules", "lst"], "did you mean `list`?"),
        (["dir"], "issing argument"),
        (["dir", ".", "--fail-onn", "high"], "--fail-on"),
        (["dir", ".", "--fail-on", "huge"], "huge"),
        (["dir", "no-such-path"], "no-such-path: no such file or directory"),
        (["scan", ".", "no-such-path"], "no-such-path: no such file or directory"),
        (["git", "no-such-path", "--staged"], "no-such-path: no such file or directory"),
        (["git", "--staged"], "not a git repository"),
        (["git"], "not a git repository"),
        (["git", "--staged", "--since-commit", "x"], "neither commits nor authors"),
        (["git", "--staged", "--unstaged"], "exclude each other"),
        (["git", "https://"], "https:"),
        (["git", "ext::sh -c x"], "ext::"),
        (["git", "http://127.0.0.1:1/x"], "http"),
        (["scan", ".", "--history", "--tree"], "exclude each other"),
        (["scan", ".", "--history"], "has no history"),
        (["scan", "https://127.0.0.1:1/x.git", "."], "a URL is scanned by itself"),
        (["scan", "docker-archive:x.tar"], "no such file or directory"),
        (["image", "registry:me:canary@registry.example/app"], "the reference: a name of an image has no login in it"),
        (["image", "registry:registry.example/App"], "registry:registry.example/App: must be in lower case"),
        (["image", "no-such.tar.gz"], "no-such.tar.gz: no such file; an image of that name in a registry is written registry:..."),
        (["image", "--registry-mirror", "ftp://x", "registry:registry.example/app"], "--registry-mirror: must be https://"),
        (["image", "--registry-ca", "no.pem", "registry:registry.example/app"], "--registry-ca: no such file"),
        (["image", "daemon:a b"], "daemon:a b: is not the name of an image"),
        (["image", "--platform", "linux", "registry:registry.example/app"], "--platform: must be os/architecture"),
        (["hook", "pre-push"], "not a git repository"),
        (["hook", "pre-receive", "--anything"], "--anything"),
        (["hook", "pre-receive"], "not a git repository"),
        (["ci"], "no CI system is known by its variables here"),
        (["ci", "--head", "x"], "--head needs --base"),
        (["ci", "--base", "x", "--whole"], "--base and --head say what to scan"),
        (["ci", "--base", "x"], "not a git repository"),
        (["dir", ".", "-b", "x"], "x: cannot be read: No such file or directory"),
        (["dir", ".", "--stores", "vault"], "--stores: comes with a later version"),
        (["dir", ".", "-f", "json", "-f", "text"], "only one report can go to standard output"),
        (["dir", ".", "-o", "no/such/x"], "does not exist"),
        (["dir", ".", "--max-file-size", "huge"], "--max-file-size: must be a size"),
        (["dir", ".", "-j", "0"], "--jobs: must be a whole number"),
        (["dir", ".", "--timeout", "-1"], "--timeout: must be a time"),
        (["dir", ".", "--disable", "no-such-rule"], "no rule is named `no-such-rule`"),
        (["dir", ".", "--rules", "no-such-rules"], "--rules: no-such-rules does not exist"),
        (["dir", ".", "-c", "no.toml"], "no.toml: cannot be read"),
        (["dir", ".", "--require-complete=strict", "--allow-incomplete"], "contradict"),
        (["config", "check", "no.toml"], "no.toml: cannot be read"),
        (["rules", "show", "github-classic-tokn"], "did you mean"),
        (["rules", "check", "no.toml"], "no such file"),
        (["install", "--hook", "pre-rebase"], "pre-rebase"),
        (["install", "--global", "--template"], "exclude each other"),
        (["uninstall", "--global", "x"], "about no single repository"),
        (["install"], "not a git repository (or any"),
    ],
)
def test_mistakes_are_one_line_and_exit_2(place, args, expected):
    done = place.run(*args)
    assert done.code == 2, done
    assert expected in done.err, done
    assert is_one_line(done.err), done
    assert done.out == ""


@pytest.mark.parametrize("name", LATER_COMMANDS)
def test_commands_of_later_versions_say_so(place, name):
    done = place.run(name, "anything", "--and=more", "-x")
    assert (done.code, done.out, done.err) == (2, "", f"leaksieve {name}: comes with a later version\n")


def test_no_arguments_shows_help_and_is_no_success(place):
    done = place.run()
    assert done.code == 2
    assert "Usage: leaksieve" in done.err
    assert done.out == ""


def test_help_lists_every_command_and_imports_none(place):
    code = "import sys; from leaksieve.cli.main import main; main(['--help']); print(*[m for m in sys.modules if 'commands.' in m], file=sys.stderr)"
    done = subprocess.run([*place.command()[:1], "-c", code], env=place.env, capture_output=True, check=True, text=True)
    for name in COMMANDS:
        assert f"\n  {name} " in done.stdout
    assert done.stderr == "\n"


@pytest.mark.parametrize("name", [name for name, entry in COMMANDS.items() if entry.home])
def test_every_command_explains_itself(place, name):
    done = place.run(name, "-h")
    assert done.code == 0
    assert f"Usage: leaksieve {name}" in done.out
    assert done.err == ""


def test_version(place):
    done = place.run("--version")
    assert done.code == 0
    assert done.out.startswith("leaksieve 0.")


def test_the_formats_are_those_of_the_reports():
    assert set(FORMATS) == set(PRESENT)


def test_a_configuration_that_does_not_hold_is_exit_2(place):
    place.write("leaksieve.toml", 'fail_onn = "high"')
    done = place.run("dir", ".")
    assert done.code == 2
    assert "leaksieve.toml: unknown key `fail_onn`; did you mean `fail_on`?" in done.err
    assert place.run("dir", ".", "--no-repo-config").code == 0


def test_config_show_says_where_it_comes_from(place):
    place.write(".leaksieve.toml", 'fail_on = "high"\n[[allow]]\nreason = "a \\"b\\""\nrules = ["x"]')
    done = place.run("config", "show")
    assert done.code == 0
    assert done.out.startswith("# repository: ")
    assert 'fail_on = "high"' in done.out
    shown = place.write("copy.toml", "\n".join(line for line in done.out.splitlines() if not line.startswith("reveal")))
    again = place.run("config", "show", "-c", str(shown))
    assert again.out.splitlines()[1:] == done.out.splitlines()[1:]


def test_config_check_and_schema(place):
    good = place.write("good.toml", 'fail_on = "high"')
    assert place.run("config", "check", "good.toml").code == 0
    done = place.run("config", "schema")
    assert done.code == 0
    jsonschema.Draft202012Validator.check_schema(json.loads(done.out))
    good.write_text("fail_on = 1")
    assert place.run("config", "check", "good.toml").code == 2


def test_control_characters_of_a_name_do_not_reach_the_terminal(place):
    done = place.run("dir", "no\x1b[31m\nsuch")
    assert done.code == 2
    assert "\x1b" not in done.err
    assert is_one_line(done.err)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script(place, shell):
    done = place.run("completion", shell)
    assert done.code == 0
    assert "_LEAKSIEVE_COMPLETE" in done.out


def test_completion_answers(place):
    done = place.run(_LEAKSIEVE_COMPLETE="bash_complete", COMP_WORDS="leaksieve sc", COMP_CWORD="1")
    assert (done.code, done.out.strip()) == (0, "plain,scan")


def test_rules_list_and_show(place):
    done = place.run("rules", "list", "--enable", "github-*")
    assert done.code == 0
    lines = done.out.splitlines()
    assert len(lines) > 1
    assert all(line.startswith("github-") for line in lines[:-1])
    rule = lines[0].split()[0]
    shown = place.run("rules", "show", rule)
    assert shown.code == 0
    assert rule in shown.out
    listed = json.loads(place.run("rules", "list", "--enable", "github-*", "-f", "json").out)
    assert [each["id"] for each in listed["rules"]] == [line.split()[0] for line in lines[:-1]]


def test_rules_check(place):
    rule = """
        [family]
        id = "shop"
        name = "Shop"
        documentation = "https://example.org/"
        rotation = "https://example.org/"
        impact = "Buys things."
        revoke = ["Ask."]
        [[rule]]
        id = "shop-token"
        name = "Shop token"
        severity = "high"
        confidence = "high"
        keywords = ["shp_"]
        pattern = '(?<![A-Za-z0-9_])(?P<secret>shp_[A-Za-z0-9]{30})(?![A-Za-z0-9_])'
        examples = ["t = shp_<alnum:30>"]
        counter_examples = ["t = shp_<alnum:20>"]
        """
    place.write("shop.toml", rule)
    good = place.run("rules", "check", "shop.toml")
    assert (good.code, good.out) == (0, "every rule holds\n")
    place.write("shop.toml", rule.replace("{30}", "{31}"))
    bad = place.run("rules", "check", "shop.toml")
    assert bad.code == 2
    assert "shop-token" in bad.out


def test_full_disk_is_no_clean_exit(place):
    if not os.path.exists("/dev/full"):
        pytest.skip("needs /dev/full")
    with open("/dev/full", "wb") as full:
        done = subprocess.run(place.command("config", "schema"), stdout=full, stderr=subprocess.PIPE, env=place.env, check=False)
    assert done.returncode == 2
    assert b"standard output" in done.stderr
