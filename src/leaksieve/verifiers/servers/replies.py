"""Replies of three digits and a text, as FTP and SMTP have them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from leaksieve.verifiers.servers.wire import Wire

_MOST = 200
# A refusal that speaks of one of these may be of the right password.
_OTHERWISE = re.compile(
    r"too many|attempts|maximum|\blimit|already (?:connected|logged)|again later|temporar|locked|disabled|suspended|blocked|\bbanned|polic[yi]|not (?:allowed|permitted|enabled)"
    r"|access rights|two.?factor|\b(?:2fa|mfa|otp|tls|ssl)\b|encrypt|clear.?text|app(?:lication)?.?(?:specific )?password|home director",
    re.IGNORECASE,
)


async def reply(wire: Wire) -> tuple[int, list[str]]:
    """The code, and the text of each line.  ValueError for what is no reply."""
    texts: list[str] = []
    code = b""
    for _ in range(_MOST):
        line = await wire.line()
        if not code:
            code = line[:3]
            if not code.isdigit() or len(code) != 3 or line[3:4] not in (b"", b" ", b"-"):
                raise ValueError
            if line[3:4] != b"-":
                return int(code), [_text(line[4:])]
            texts.append(_text(line[4:]))
        elif line[:3] == code and line[3:4] in (b" ", b""):
            return int(code), [*texts, _text(line[4:])]
        else:
            texts.append(_text(line[4:] if line[:4] == code + b"-" else line))
    raise ValueError


def otherwise(texts: Sequence[str], user: str) -> bool:
    """Whether a refusal speaks of something besides the user and the password, as the number of connections."""
    return speaks_of(_OTHERWISE, texts, user)


def speaks_of(words: re.Pattern[str], texts: Sequence[str], user: str) -> bool:
    """Whether one of the words stands in the texts; those may name the user, who may be called like one."""
    name = re.compile(rf"(?<!\w){re.escape(user)}(?!\w)")
    return any(words.search(name.sub("", text)) for text in texts)


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").strip()
