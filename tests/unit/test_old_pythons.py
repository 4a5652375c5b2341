"""What older releases of the Pythons we run on get wrong, and we must not rely on."""

import re
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "leaksieve"
# Before 3.11.5, as in Debian 12: behind a possessive group that fails in the middle of a turn, matching goes on from there.
CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\\n])*\]")
GROUP = re.compile(r"(?<!\\)\)(?:[*+?]|\{\d*,?\d*\})\+")


def possessive(text):
    """Whether a source's text holds a possessive group, whatever its classes of characters hold."""
    raw = "\n".join(line for line in text.splitlines() if re.search(r"\brb?[\"']", line))
    return GROUP.search(CLASS.sub("x", raw))


def test_no_group_is_possessive():
    for path in SOURCE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if re.search(r"^\s*import re$", text, re.MULTILINE):
            assert not possessive(text), f"{path.name}: write (?>(...)*) in place of (...)*+"


def test_the_check_can_fail():
    assert possessive(r'rb"(?:%b)*+" % one')
    assert possessive(r"""r'(?:\\.[^"]*+)*+")""")
    assert not possessive(r'''rb"[ab)]*+x [^']++ (?>(?:x)*)"''')
    assert not possessive("safe='()*+'")
