"""``leaksieve allow``: an entry at the end of the configuration, and everything else in it as it was."""

import datetime as dt
import os

import pytest

from leaksieve.ruleset.template import expand


@pytest.fixture
def shop(place, token):
    place.write("a.py", f"token = '{token}'\n")
    place.write("b.py", f"token = '{expand('ghp_<crc32-github:30>', 21).decode()}'\n")
    place.prints = [line.split()[0] for line in place.run("baseline", "create", "-o", "-", "-q").out.splitlines() if line.startswith("ls1")]
    assert len(place.prints) == 2
    return place


def test_an_accepted_finding_fails_no_more_and_the_file_stays_as_it_was(shop):
    before = b"# ours\r\nfail_on = 'low'   # keep\r\n\r\n[[allow]]\r\nreason = 'old'\r\npaths = ['x']"
    (shop.path / "leaksieve.toml").write_bytes(before)
    done = shop.run("allow", shop.prints[0], "--reason", 'a "demo" \\ key', "--owner", "ada", "--expires", "2999-01-31")
    assert (done.code, done.out) == (0, ""), done
    assert done.err == f'leaksieve: leaksieve.toml: accepts {shop.prints[0]}; a "demo" \\ key (ada, until 2999-01-31)\n'
    after = (shop.path / "leaksieve.toml").read_bytes()
    assert after.startswith(before + b"\r\n\r\n[[allow]]\r\n")
    assert b"\n" not in after.replace(b"\r\n", b"")
    done = shop.run("dir", ".", "-f", "json")
    assert done.code == 1
    assert 'configuration: a \\"demo\\" \\\\ key (ada, until 2999-01-31)' in done.out
    assert shop.run("allow", shop.prints[1], "--reason", "x").code == 0
    assert shop.run("dir", ".").code == 0


def test_a_file_is_made_where_there_is_none_and_nothing_is_written_twice(shop):
    for _ in range(2):
        done = shop.run("allow", *shop.prints, *shop.prints, "--reason", "demo")
        assert done.code == 0, done
    assert done.err.count("is accepted already: demo") == 2
    assert (shop.path / "leaksieve.toml").read_text().count("[[allow]]") == 1
    assert shop.run("dir", ".").code == 0


def test_from_a_folder_of_a_repository_it_is_the_repositorys(repo, token):
    repo.write("sub/a.py", f"token = '{token}'\n")
    repo.write("pyproject.toml", "[tool.leaksieve]\nfail_on = 'low'\n\n[tool.other]\nx = 1\n")
    (known,) = [line.split()[0] for line in repo.run("baseline", "create", "--tree", "-o", "-", "-q").out.splitlines() if line.startswith("ls1")]
    repo.path = repo.path / "sub"
    assert repo.run("allow", known, "--reason", "demo", "--expires", "30d").code == 0
    repo.path = repo.path.parent
    text = (repo.path / "pyproject.toml").read_text()
    assert text.endswith(
        f'[tool.other]\nx = 1\n\n[[tool.leaksieve.allow]]\nreason = "demo"\nexpires = {dt.datetime.now(dt.UTC).date() + dt.timedelta(days=30)}\nfingerprints = ["{known}"]\n'
    )
    assert repo.run("dir", ".").code == 0


def test_an_entry_whose_term_is_over_does_not_count_as_accepted(shop):
    shop.write("leaksieve.toml", f"[[allow]]\nreason = 'old'\nexpires = 2020-01-01\nfingerprints = ['{shop.prints[0]}']\n")
    assert shop.run("allow", shop.prints[0], "--reason", "again").code == 0
    assert '"again"' in (shop.path / "leaksieve.toml").read_text()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("ls1-x", "--reason", "x"), "'ls1-x' is no fingerprint"),
        (("\x1b[2J", "--reason", "x"), "is no fingerprint"),
        ((), "issing argument"),
        (("FP",), "issing option '--reason'"),
        (("FP", "--reason", "  "), "--reason: must not be empty"),
        (("FP", "--reason", "a\nb"), "--reason: must not hold control characters"),
        (("FP", "--reason", "see TOKEN"), "--reason: holds what looks like a secret"),
        (("FP", "--reason", "x", "--owner", "TOKEN"), "--owner: holds what looks like a secret"),
        (("FP", "--reason", "x", "--expires", "soon"), "--expires: must be a day such as"),
        (("FP", "--reason", "x", "--expires", "2020-01-01"), "--expires: 2020-01-01 is over"),
        (("FP", "--reason", "x", "--expires", "99999d", "-c", "list.toml"), "list.toml: no entry can be added at its end"),
        (("FP", "--reason", "x", "-c", "broken.toml"), "broken.toml: not valid TOML"),
        (("FP", "--reason", "x", "-c", "no/such.toml"), "cannot be written: No such file"),
    ],
)
def test_mistakes_are_one_line_and_change_nothing(place, token, args, message):
    shop = place
    shop.write("list.toml", "allow = [{reason = 'x', paths = ['y']}]\n")
    shop.write("broken.toml", "x = \n")
    before = {name: (shop.path / name).read_bytes() for name in os.listdir(shop.path)}
    done = shop.run("allow", *(arg.replace("FP", "ls1-" + "0" * 32).replace("TOKEN", token) for arg in args))
    assert (done.code, done.out) == (2, ""), done
    assert message in done.err
    assert done.err.count("\n") == 1
    assert token not in done.err
    assert "\x1b" not in done.err
    assert {name: (shop.path / name).read_bytes() for name in os.listdir(shop.path)} == before


@pytest.mark.skipif(os.name == "nt", reason="symbolic links")
def test_links_that_the_repository_brought_are_not_followed_out_of_it(shop, tmp_path):
    outside = tmp_path / "outside.toml"
    (shop.path / "leaksieve.toml").symlink_to(outside)
    done = shop.run("allow", shop.prints[0], "--reason", "x")
    assert not outside.exists()
    assert done.code in (0, 2)
    outside.write_text("fail_on = 'low'\n")
    (shop.path / "leaksieve.toml").unlink()
    (shop.path / "leaksieve.toml").symlink_to(outside)
    done = shop.run("allow", shop.prints[0], "--reason", "x")
    assert (done.code, outside.read_text()) == (2, "fail_on = 'low'\n"), done
