"""The ignore rules say what git says, over generated trees and patterns."""

import os
import random
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leaksieve.sources.ignore import IgnoreList, Scope, read_ignore_file

NAMES = [
    b"a", b"b", b"ab", b"abc", b"A", b"aB", b".a", b"a.c", b"b.c", b"a.tar.c", b"a.", b"x", b"build", b"foo", b"foobar", b"barfoo",
    b"a b", b"a ", b" ", b"a\t", b"\ta", b"a\\", b"\\", b"[a]", b"*", b"**", b"?", b"!a", b"#a", b"-a", b"]", b"a-c", b"^a", b"a\nb", b"a\r",
    b"\xc3\xa9", b"\xff", b"7", b"_", b"~", b"a~", b"\x7f", b"\x01", b"a*b", b"\xef\xbb\xbfa", b"e.test.c",
]  # fmt: skip
CLASSES = [
    b"[a]", b"[ab]", b"[a-c]", b"[!a]", b"[^a]", b"[]a]", b"[!]a]", b"[^]a-]", b"[]-a]", b"[a-]", b"[-a]", b"[--0]", b"[+--]", b"[c-a]", b"[\\]a]",
    b"[\\a-\\c]",
    b"[a\\-c]", b"[[:alpha:]]", b"[[:digit:][:space:]]", b"[![:alnum:]]", b"[[:punct:]]", b"[[:upper:]]", b"[[:lower:]x]", b"[[:blank:]]", b"[[:cntrl:]]",
    b"[[:graph:]]", b"[[:print:]]", b"[[:xdigit:]]", b"[[:nope:]]", b"[[:alpha]", b"[[:]", b"[[::]]", b"[[:alpha:]-z]", b"[a-[:alpha:]]", b"[", b"[a", b"[!",
    b"[\\", b"[]", b"[!]", b"[[]", b"[/]", b"[a/b]", b"[!/]", b"[.-0]", b"[a-\\]", b"[\xc3]", b"[\x80-\xff]", b"[*]", b"[?]", b"[!-a]", b"[a-c-e]",
    b"[[:a-c]", b"[a[:digit:]",
]  # fmt: skip
ATOMS = [
    b"a", b"b", b"c", b"foo", b".", b"x", b"A", b" ", b"\\ ", b"\\a", b"\\*", b"\\", b"\\\\", b"\\/", b"?", b"*", b"*", b"**", b"***", b"/", b"/",
    b"**/", b"/**", b"/**/",
    b"*.c", b".c", b"\xc3\xa9", b"\t", b"!", b"#", b"-", b"]", b"[", b"\r", b"bar", b"~", b"\\!", b"\\#",
]  # fmt: skip
DIRECTED = [
    b"*", b"/*", b"**", b"/**", b"a/**", b"**/a", b"a/**/b", b"**/a/**", b"a/*", b"*/a", b"*/", b"**/", b"/**/", b"/", b"//", b"!", b"!/", b"\\",
    b"a**/b", b"a**b/c",
    b"a/b**/c", b"a/**b", b"a**", b"/a**", b"foo**/a", b"a/x**", b"**/**/a", b"a/**/**/b", b"**/a/b", b"**/a/*/b", b"a/**/*.c", b"a/\\**/b", b"a\\/b",
    b"**\\/a",
    b"a/**\\/b", b"a**\\/b", b"a**//b", b"*a*b*", b"*a*/*b*", b"a*/**/b*", b"!a", b"!/a", b"!a/", b"!*/", b"!**/a", b"\\!a", b"\\#a", b"#a", b"a ",
    b"a\\ ", b"a  ", b"a \\ ", b"a\\  ",
    b"a\t", b" ", b"a\r", b"a\r\r", b"\r", b"a\0b", b"\0", b"a//", b"a/./b", b"./a", b"../a", b"*.*", b"?", b"??", b"*?", b"?*", b"a?", b"[a-c]/**",
    b"*/[a-c]", b"foo/", b"/foo/a", b"foo/a/",
    b"*.c", b"*.tar.c", b"!*.c", b"a.*", b".*", b"!.gitignore", b"*/*", b"*/*/*", b"!*/*", b"x/**/a/**/b", b"**/x/**/b", b"?a**/b", b"*a**/b",
    b"a**/**/b", b"a**/**b", b"a**/x**/b", b"a**/*b", b"foo/**/", b"a" * 300, b"*" + b"a?" * 600, b"a/" * 300 + b"b", b"*" * 500,
]  # fmt: skip


def pattern(rng):
    roll = rng.random()
    if roll < 0.25:
        text = rng.choice(DIRECTED)
    elif roll < 0.4:
        text = rng.choice(NAMES)
    elif roll < 0.55:
        text = b"/".join(rng.choice([*NAMES[:16], b"*", b"**", b"?", b"a*", b"*.c", rng.choice(CLASSES)]) for _ in range(rng.randint(1, 4)))
    else:
        text = b"".join(rng.choice(CLASSES) if rng.random() < 0.2 else rng.choice(ATOMS) for _ in range(rng.randint(1, 6)))
    if rng.random() < 0.2:
        text = b"!" + text
    if rng.random() < 0.1:
        text = b"/" + text
    if rng.random() < 0.15:
        text += b"/"
    return text.replace(b"\n", b"")


def ignore_text(rng):
    end = rng.choice([b"\n", b"\n", b"\r\n"])
    text = end.join(pattern(rng) for _ in range(rng.randint(1, 6)))
    if rng.random() < 0.1:
        text = b"\xef\xbb\xbf" + text
    return text + (end if rng.random() < 0.8 else b"")


def grow(rng, where, depth):
    """Make a small random tree; some of its directories get an ignore file."""
    for name in rng.sample(NAMES[:16], 5) + rng.sample(NAMES, 7):
        path = where + b"/" + name
        if os.path.lexists(path):
            continue
        if depth < 4 and rng.random() < (0.5, 0.35, 0.2, 0.15)[depth]:
            os.mkdir(path)
            grow(rng, path, depth + 1)
        elif rng.random() < 0.05:
            os.symlink(b"..", path)
        else:
            os.close(os.open(path, os.O_CREAT))
    if depth == 0 or rng.random() < 0.25:
        with open(where + b"/.gitignore", "wb") as file:
            file.write(ignore_text(rng))


def git(root, *args, data=None):
    environment = {"PATH": os.environ["PATH"], "HOME": os.fsdecode(root), "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    return subprocess.run(["git", *args], cwd=root, env=environment, input=data, capture_output=True, check=False)


def judge(root, exclude=b""):
    """Walk as a scanner would: the files not ignored, and every path's own verdict (ignored or not)."""
    kept, ignored, every = set(), set(), set()
    pending = [(b"", Scope.root(IgnoreList(exclude)), False)]
    while pending:
        directory, above, lost = pending.pop()
        absolute = root + b"/" + directory if directory else root
        own = read_ignore_file(absolute + b"/.gitignore") if not lost else None
        scope = above.enter(directory, own)
        entries = list(os.scandir(absolute))
        names = {entry.name: None for entry in entries}.keys()
        suspects = names if lost else scope.suspects(names)
        for entry in entries:
            if entry.name == b".git":
                continue
            path = directory + b"/" + entry.name if directory else entry.name
            every.add(path)
            if entry.is_dir(follow_symlinks=False):
                gone = lost or (entry.name in suspects and scope.ignores_directory(entry.name))
                pending.append((path, scope, gone))
            else:
                gone = lost or (entry.name in suspects and scope.ignores_file(entry.name))
                if not gone:
                    kept.add(path)
            if gone:
                ignored.add(path)
    return kept, ignored, every


def differences(root, exclude=b""):
    kept, ignored, every = judge(root, exclude)
    listed = set(git(root, "ls-files", "-o", "--exclude-standard", "-z").stdout.split(b"\0")) - {b""}
    # Paths behind a symbolic link are refused, and a path that looks like pathspec magic is read as such.
    asked = b"".join(path + b"\0" for path in sorted(every))
    answer = git(root, "check-ignore", "-z", "--stdin", "--no-index", data=asked)
    assert answer.returncode in (0, 1), answer.stderr
    said = set(answer.stdout.split(b"\0")) - {b""}
    return {"walk": kept ^ listed, "verdict": ignored ^ said, "paths": len(every)}


@pytest.mark.parametrize("seed", range(4))
def test_generated_trees_are_judged_as_git_judges_them(tmp_path, seed):
    rng = random.Random(seed)
    root = os.fsencode(tmp_path / "repository")
    os.mkdir(root)
    git(root, "init", "-q")
    for number in range(40):
        case = root + b"/case%03d" % number
        os.mkdir(case)
        grow(rng, case, 0)
    outcome = differences(root)
    assert outcome["paths"] > 2000
    assert not outcome["walk"]
    assert not outcome["verdict"]


@pytest.fixture(scope="module")
def rooted(tmp_path_factory):
    """One repository whose root ignore file and info/exclude are rewritten for every example."""
    root = os.fsencode(tmp_path_factory.mktemp("rooted"))
    git(root, "init", "-q")
    grow(random.Random(99), root, 0)
    os.makedirs(root + b"/.git/info", exist_ok=True)
    return root


LINES = st.one_of(
    st.sampled_from(DIRECTED + NAMES + CLASSES),
    st.lists(st.sampled_from(ATOMS + CLASSES), min_size=1, max_size=6).map(b"".join),
    st.binary(min_size=1, max_size=6),
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.lists(LINES, min_size=1, max_size=5), st.lists(LINES, max_size=3))
def test_the_root_ignore_file_and_info_exclude_rank_as_in_git(rooted, lines, excludes):
    exclude = b"\n".join(excludes)
    for path, data in ((b"/.gitignore", b"\n".join(lines)), (b"/.git/info/exclude", exclude)):
        with open(rooted + path, "wb") as file:
            file.write(data)
    outcome = differences(rooted, exclude)
    assert not outcome["walk"]
    assert not outcome["verdict"]


def test_character_classes_take_the_bytes_git_takes(tmp_path):
    """Every class over every byte a name can hold, each class in a directory of its own."""
    root = os.fsencode(tmp_path)
    git(root, "init", "-q")
    singles = [bytes((byte,)) for byte in range(1, 256) if byte not in b"/."]
    for number, text in enumerate(CLASSES):
        case = root + b"/case%03d" % number
        os.mkdir(case)
        with open(case + b"/.gitignore", "wb") as file:
            file.write(text)
        for name in singles:
            os.close(os.open(case + b"/" + name, os.O_CREAT))
    outcome = differences(root)
    assert outcome["paths"] > len(CLASSES) * 250
    assert not outcome["walk"]


@pytest.mark.parametrize("seed", range(2))
def test_without_regard_to_case_as_with_core_ignorecase(tmp_path, seed):
    rng = random.Random(seed)
    root = os.fsencode(tmp_path)
    git(root, "init", "-q")
    git(root, "config", "core.ignoreCase", "true")
    for name in [b"a", b"B", b"c", b"Ab", b"z", b"Z1", b"7", b"\xc3\x89"]:
        os.mkdir(root + b"/" + name)
        for inner in [b"a", b"B", b"aB", b"x.C", b"Z", b"_"]:
            os.close(os.open(root + b"/" + name + b"/" + inner, os.O_CREAT))
    every = sorted(path for path in judge(root)[2])
    asked = b"".join(path + b"\0" for path in every)
    for _ in range(60):
        text = b"\n".join(
            rng.choice([b"A", b"[A]", b"[a]", b"[A-C]", b"[a-c]", b"[[:upper:]]", b"[![:upper:]]", b"[[:lower:]]", b"[!A]", b"[Z-a]", b"*.c", b"*.C"])
            + rng.choice([b"", b"b", b"B", b"/", b"/b", b"/*B", b"/[A-Z]", b"/**"])
            for _ in range(2)
        )
        with open(root + b"/.git/info/exclude", "wb") as file:
            file.write(text)
        said = set(git(root, "check-ignore", "-z", "--stdin", "--no-index", data=asked).stdout.split(b"\0")) - {b""}
        top = Scope.root(IgnoreList(text, fold=True))
        ours = set()
        for path in every:
            parent, _, name = path.rpartition(b"/")
            inside = top.enter(parent)
            is_directory = not parent
            if (parent and top.ignores_directory(parent)) or (inside.ignores_directory(name) if is_directory else inside.ignores_file(name)):
                ours.add(path)
        assert ours == said, text
