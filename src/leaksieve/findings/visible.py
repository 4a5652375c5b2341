"""Text that cannot steer a terminal, a page or a reader's eye."""

from __future__ import annotations


def visible(text: str) -> str:
    r"""Return the text with every character that does not print written as ``\xNN``, ``\uNNNN`` or ``\UNNNNNNNN``.

    That covers control characters, escape sequences, line breaks, bidirectional overrides, zero-width
    and private-use characters and lone surrogates.  A tab becomes one space: indentation is no threat
    and reads badly as an escape.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(char) for char in text.replace("\t", " "))


def _escape(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
