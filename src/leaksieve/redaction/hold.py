"""Which lines wait for those that follow: private keys are written line by line, and their first lines look like nothing."""

from __future__ import annotations

import re

# A key that has not ended within this many bytes is not waited for: no rule matches more.
BOUND = 64 * 1024
_OPENINGS = tuple(marker for text in ("-- BEGIN SSH2 ", "-----BEGIN ", "PuTTY-User-Key-File-") for marker in (text.encode(), text.encode("utf-16-le")))
# What stands between such a beginning and the key itself.
_HEADER = re.compile(rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|-- BEGIN SSH2 [A-Z ]{0,40}PRIVATE KEY[^\n]*\n|PuTTY-User-Key-File-[^\n]*\n")
_ENDED = re.compile(rb"-{3,5} ?END [A-Z0-9 ]{0,40}PRIVATE KEY|Private-MAC:")
_CLOSED = re.compile(_ENDED.pattern + rb"|[\"'](?:[ \t]*[,;)\]}]|[ \t]*\r?\n[ \t]*[,;)\]}])")
# A line of a key's body, in whatever a program's text, a comment or a document puts around it, or one of its headers.
_BODY = re.compile(
    rb"[\s>#*/|\"'`+;,.(\\&=_-]{0,60}(?:vb[A-Za-z]{2,7})?(?:[A-Za-z0-9+/=]{0,2000}|[A-Z][A-Za-z0-9-]{2,40}: ?[^\r\n]{0,200})"
    rb"(?:\\{1,4}(?:[rn]|u000[adAD])|&#x?[0-9aAdD]{1,3};|<br ?/?>|[\s\"'`+;,.)\\&_|*/-]){0,60}"
)
# The same behind what a log puts before each line (a time, a container), and around it (a line of JSON for each).
_LOGGED = re.compile(rb"[^\r\n]{1,80}?(?<![A-Za-z0-9+/])(?:[A-Za-z0-9+/]{16,76}={0,2}(?![A-Za-z0-9+/])[^\r\n]{0,80}|[A-Z][A-Za-z-]{2,40}: ?[^\r\n]{0,200})\r?")
# Behind the line that opens a key: the end of a line of a log in JSON.
_JSON_LINE = b'\\n"'


def held_from(data: bytes, since: int) -> int:
    """Where lines begin that wait for the rest of a private key (``len(data)`` if none does).  ``data`` ends with a whole line."""
    low = max(since, len(data) - BOUND)
    opening = max(data.rfind(marker, low) for marker in _OPENINGS)
    if opening < 0:
        return len(data)
    begin = max(data.rfind(b"\n", low, opening) + 1, low)
    text = data[opening:]
    if b"\0" in text:
        text = text.replace(b"\0", b"")
    header = _HEADER.match(text)
    if header is None:
        return len(data)
    rest = text[header.end() :]
    # The line that closes one key may stand behind the line that opened it, but not behind the next.
    if (_ENDED if rest.startswith(_JSON_LINE) else _CLOSED).search(rest):
        return len(data)
    first, *lines = rest.split(b"\n")
    if not rest.startswith(_JSON_LINE) and not _BODY.fullmatch(first):
        return len(data)
    return begin if all(_BODY.fullmatch(line) or _LOGGED.fullmatch(line) for line in lines) else len(data)
