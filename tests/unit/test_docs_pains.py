"""The page on what people ask of scanners names tests that are there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "pains.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in PAGE.split("\n") if re.match(r"\| \d+ ", line)]


def test_there_are_twenty_five():
    assert [row[0] for row in ROWS] == [str(number) for number in range(1, 26)]
    assert all(row[1] and row[2] and "`" in row[3] for row in ROWS)


@pytest.mark.parametrize("name", [name for row in ROWS for name in re.findall(r"`([^`]+)`", row[3])])
def test_the_test_that_shows_it_is_there(name):
    file, _, function = name.partition("::")
    tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    tests = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}
    assert function in tests if function else tests
