"""Patterns in gitignore syntax hold for the paths an expression is found in, and for no other."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaksieve.moving.path_regex import gitignore
from leaksieve.sources.ignore import IgnoreList, Scope
from leaksieve.sources.named import is_excluded

SEGMENT = st.sampled_from(
    ["a", "vendor", "xvendor", "vendorx", "docs", "test", "README.md", "readme", "go.sum", "a.min.js", "x_test.go", "lib.jpg", "b.lock", ".lock"]
)
PATHS = st.lists(SEGMENT, min_size=1, max_size=4).map("/".join)
EXACT = [
    r"(^|/)vendor/", r"(?:^|/)vendor/", r"^vendor/", r"vendor/", r"/vendor/", r"vendor/.*", r"^vendor/.*$", r"^vendor/.+", r"vendor", r"go\.sum$", r"go\.sum",
    r".*\.md$", r"(.*?)(jpg|lock)$", r"^.*_test\.go$", r"(?i)readme", r"^(docs|test)/", r"(^|/)(docs|test)/", r"docs/.*/a", r"^docs/[^/]+/a$", r"(?:^|/)docs(?:/|$)",
    r".+\.lock$", r"^docs/(a/)?vendor/", r"a\.min\.js$|go\.sum$", r"[av]endor", r"^README\.md$", r"/docs/vendor/", r"^(?:.*/)?go\.sum$",
]  # fmt: skip


def holds(patterns, path):
    return is_excluded(Scope.root(IgnoreList("\n".join(patterns).encode())), path.encode())


@pytest.mark.parametrize("source", EXACT)
@settings(max_examples=30, deadline=None)
@given(path=PATHS)
def test_the_patterns_hold_where_the_expression_is_found(source, path):
    patterns = gitignore(source)
    assert patterns is not None
    # A folder whose name the expression ends with is taken along, with what is in it.
    folders = [path[: found.start()] + "/" for found in re.finditer("/", path)]
    taken = source.endswith("$") and any(re.search(source, folder.rstrip("/")) for folder in folders)
    assert holds(patterns, path) == (re.search(source, path) is not None or (taken and "." in source))


@pytest.mark.parametrize(
    "source", [r"\w+\.x", r"a{3}", r"(ab)+", r"x\bb", r"(", r".*", r"", r"[^a]*x", r"(?:a|b|c|d)(?:a|b|c|d)(?:a|b|c|d)(?:a|b|c|d)", r"^/x"]
)
def test_no_pattern_is_made_where_none_means_the_same(source):
    assert gitignore(source) is None


def test_characters_that_mean_something_in_patterns_stand_for_themselves():
    assert gitignore(r"^a\*b\[c\]\?$") == [r"/a\*b\[c]\?", r"!/a\*b\[c]\?/"]
    assert gitignore(r"^!x\.y$") == ["/!x.y"]
