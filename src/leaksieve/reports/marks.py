"""Text that a Markdown reader shows as it is: no markup, link, mention or reference can arise from what was scanned."""

from __future__ import annotations

import re

from leaksieve.reports.render import visible

# Nothing in these is markup inside a line; ``@``, ``#``, ``!``, ``%`` and the like would call people and tickets.
_PLAIN = re.compile(r"""(?:[^\W_]|[ .,;:()/'"+?\-])*""")
_ADDRESS = re.compile(r"://|www\.", re.IGNORECASE)
_ENTITIES = {code: f"&#{code};" for code in range(0x21, 0x7F) if not chr(code).isalnum()}
# Left readable: no markup inside a line.
for _char in "/-":
    del _ENTITIES[ord(_char)]


def code(text: str) -> str:
    """Return text as a code span that may stand anywhere, in a table's cell too.

    Where it holds what would end the span or the cell, it is an HTML element whose punctuation is
    written as character references, which never count as markup.
    """
    text = visible(text)
    if not text:
        return ""
    if "`" in text or "|" in text or text != text.strip() or "\\" in text[-1]:
        return f"<code>{text.translate(_ENTITIES)}</code>"
    return f"`{text}`"


def words(text: str) -> str:
    """Return one line of prose: as it is when it holds nothing that could be markup, else as code."""
    text = " ".join(visible(text).split())
    return text if _PLAIN.fullmatch(text) and not _ADDRESS.search(text) else code(text)
