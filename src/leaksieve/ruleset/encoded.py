"""Spellings of keywords inside base64, hex and UTF-16.

Looking for encoded runs as such costs many times the prefilter; an encoded secret, however, must
hold its keyword's encoded spelling, and those are ordinary literals.  In base64 a text has three
alignments; the characters at its edges that depend on neighbours are cut off.
"""

from __future__ import annotations

import base64

# Shorter than this an encoded keyword would be found in noise more often than in secrets.
MIN_KEYWORD = 4
# A keyword of three gives four characters where it begins a quantum, as a token that was encoded by itself does.
SHORT_KEYWORD = 3
MIN_FORM = 5
# No form is shorter.
HEAD = 4
# Eight bytes are rare enough, and what Hyperscan's literal matcher compares at once.
MAX_FORM = 8
# A form: the literal, the outermost encoding, and for base64 the place of its first character in the 4-character quantum.
Form = tuple[str, str, int]


_KINDS = {"b": "base64", "h": "hex", "u": "utf-16"}


def unpacked_forms(packed: dict[str, str]) -> list[Form]:
    """The forms of a compiled ruleset's second line."""
    if not packed["kinds"]:
        return []
    return [(word, _KINDS[kind], int(phase)) for word, kind, phase in zip(packed["words"].split("\n"), packed["kinds"], packed["phases"], strict=True)]


def heads(forms: list[Form]) -> str:
    """What forms of printable characters begin with, four characters of each, sorted and joined."""
    return "".join(sorted({word[:HEAD] for word, kind, _ in forms if kind != "utf-16" and "\0" not in word}))


def base64_forms(text: bytes) -> list[tuple[bytes, int]]:
    """The literals that stand in any base64 of data holding ``text``, with their phase (0-3)."""
    out = []
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + text)
        first = -(-8 * shift // 6)
        last = 8 * (shift + len(text)) // 6
        out.append((encoded[first:last], first % 4))
    return out


def utf16_form(text: bytes) -> bytes:
    """The bytes common to both byte orders: NULs between the characters, none at the edges."""
    return b"\0".join(bytes((byte,)) for byte in text)


def _variants(keyword: str, ignore_case: bool) -> list[bytes]:
    """The spellings met in encoded text; in any case means lower, upper or capitalised."""
    plain = keyword.encode()
    return sorted({plain, plain.upper(), plain.capitalize()}) if ignore_case else [plain]


def encoded_forms(keywords: list[tuple[str, bool, bool]]) -> list[Form]:
    """Every encoded spelling of the keywords (text, whether case is ignored, whether it matters most), each once, sorted.

    One level for all of them; base64 in base64 and base64 of UTF-16 for tokens of critical rules:
    each level multiplies the forms, and with them the time Hyperscan takes to compile.  Forms are cut to MAX_FORM bytes: they
    only have to open the run they stand in.
    """
    found: set[Form] = set()
    for keyword, ignore, critical in keywords:
        if len(keyword) < MIN_KEYWORD:
            if len(keyword) == SHORT_KEYWORD:
                _add_short(found, keyword, ignore)
            continue
        for variant in _variants(keyword, ignore):
            inner: list[bytes] = []
            for form, phase in base64_forms(variant):
                _add(found, form, phase)
                inner.append(form)
            wide = utf16_form(variant)
            found.add((wide[:MAX_FORM].decode("latin-1"), "utf-16", 0))
            found.add((variant.hex()[:MAX_FORM], "hex", 0))
            if not ignore:
                found.add((variant.hex().upper()[:MAX_FORM], "hex", 0))
            if critical and not ignore:
                for text in [*inner, wide]:
                    if len(text) >= MIN_FORM:
                        for form, phase in base64_forms(text):
                            _add(found, form, phase)
    return sorted(found)


def _add_short(found: set[Form], keyword: str, ignore: bool) -> None:
    """What is rare enough of a keyword of three characters: a word in any case (key) stands in every other text, but spread with NULs in UTF-16 alone."""
    for variant in _variants(keyword, ignore):
        found.add((utf16_form(variant).decode("latin-1"), "utf-16", 0))
    if not ignore:
        _add(found, base64.b64encode(keyword.encode()), 0)
        found.update((digits, "hex", 0) for digits in (keyword.encode().hex(), keyword.encode().hex().upper()))


def _add(found: set[Form], form: bytes, phase: int) -> None:
    # Never shorter than four characters: a text of MIN_KEYWORD bytes gives that many in every alignment.
    form = form[:MAX_FORM]
    found.add((form.decode(), "base64", phase))
    found.add((form.replace(b"+", b"-").replace(b"/", b"_").decode(), "base64", phase))
