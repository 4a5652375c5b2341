"""Replies of three digits and a text, as FTP and SMTP have them."""

from __future__ import annotations

from leaksieve.verifiers.servers.wire import Wire

_MOST = 200


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


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").strip()
