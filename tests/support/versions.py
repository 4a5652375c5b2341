"""Many versions of files with secrets near every edit, and deltas between them as git, or nobody sane, would write them."""

from __future__ import annotations

import random

import packcraft as craft

# A copy instruction of git's own is never longer.
_LONGEST = 0x10000


def document(rng: random.Random, secrets: list[bytes], size: int) -> bytes:
    """A file of about ``size`` bytes with secrets here and there."""
    out = bytearray()
    while len(out) < size:
        out += rng.choice(secrets) + b"\n" if rng.random() < 0.03 else filler(rng)
    return bytes(out)


def filler(rng: random.Random) -> bytes:
    """A line that means nothing, sometimes without an end, sometimes with a keyword and no value."""
    kind = rng.random()
    if kind < 0.05:
        return b"".join(rng.choice((b"token", b"key: ", b"password=", b"\\u0041", b"%41", b"AKIA", b"-----BEGIN ", b"secret = '")) for _ in range(3)) + b"\n"
    words = b" ".join(rng.randbytes(3).hex().encode() for _ in range(rng.randint(1, 12)))
    return words if kind < 0.07 else words + b"\n"


def changed(rng: random.Random, data: bytes, secrets: list[bytes]) -> bytes:
    """The next version: a few edits, some of them in the middle of a secret or its line."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        at = rng.randrange(len(out) + 1)
        near = bytes(out).find(rng.choice(secrets)[:12])
        if near >= 0 and rng.random() < 0.6:
            at = min(max(near + rng.randint(-40, 80), 0), len(out))
        match rng.randrange(7):
            case 0:
                out[at:at] = rng.choice(secrets) + rng.choice((b"", b"\n"))
            case 1:
                del out[at : at + rng.choice((1, 2, 8, 60, 3000))]
            case 2:
                out[at : at + 1] = bytes((rng.choice(b"\n aZ0\"'=\\/+\0"),))
            case 3:
                out[at:at] = b"\n"
            case 4:
                piece = out[at : at + rng.randint(1, 6000)]
                del out[at : at + len(piece)]
                there = rng.randrange(len(out) + 1)
                out[there:there] = piece
            case 5:
                out[at:at] = b"".join(filler(rng) for _ in range(rng.choice((1, 5, 60))))
            case 6:
                secret = rng.choice(secrets)
                half = rng.randrange(len(secret) + 1)
                out[at:at] = secret[:half] if rng.random() < 0.5 else secret[half:]
    return bytes(out)


def plain_delta(base: bytes, data: bytes) -> bytes:
    """What differs in the middle is inserted, the rest copied: the delta of an ordinary edit."""
    before = 0
    most = min(len(base), len(data))
    while before < most and base[before] == data[before]:
        before += 1
    after = 0
    while after < most - before and base[len(base) - 1 - after] == data[len(data) - 1 - after]:
        after += 1
    return craft.delta(len(base), len(data), *copies(0, before), craft.literal(data[before : len(data) - after]), *copies(len(base) - after, after))


def copies(offset: int, length: int, longest: int = _LONGEST) -> list[bytes]:
    """Copy instructions for a stretch of the base, each of at most ``longest`` bytes."""
    return [copy(offset + at, min(longest, length - at)) for at in range(0, length, longest)]


def copy(offset: int, length: int) -> bytes:
    """A copy instruction in its shortest form."""
    bits, rest = 0x80, b""
    for number in range(4):
        byte = offset >> 8 * number & 255
        if byte:
            bits |= 1 << number
            rest += bytes((byte,))
    for number in range(3):
        byte = length >> 8 * number & 255
        if byte and length != _LONGEST:
            bits |= 16 << number
            rest += bytes((byte,))
    return bytes((bits,)) + rest


def odd_delta(rng: random.Random, base: bytes, data: bytes) -> bytes:
    """The same result by instructions that git would not choose: short copies, copies from elsewhere, literals of what could be copied."""
    out = []
    at = 0
    while at < len(data):
        length = min(rng.choice((1, 3, 50, 400, 5000)), len(data) - at)
        piece = data[at : at + length]
        there = base.find(piece, rng.randrange(len(base) + 1)) if rng.random() < 0.3 else at if base[at : at + length] == piece else base.find(piece)
        if there >= 0 and rng.random() < 0.8:
            out.append(copy(there, length) if rng.random() < 0.5 else craft.copy(there, length))
        else:
            out.append(craft.literal(piece))
        at += length
    return craft.delta(len(base), len(data), *out)


def pack_of_versions(seed: int, secrets: list[bytes], *, documents: int = 3, versions: int = 40) -> list[craft.Entry]:
    """A pack in which each version of a file is a delta on another one."""
    rng = random.Random(seed)
    entries: list[craft.Entry] = []
    seen: set[bytes] = set()
    for _ in range(documents):
        known: list[tuple[int, bytes]] = []
        data = document(rng, secrets, rng.choice((3000, 5000, 20_000, 60_000)))
        for _ in range(versions):
            if known:
                number, base = rng.choice(known[-4:])
                data = changed(rng, base, secrets)
            oid = craft.object_id("blob", data)
            if oid in seen:
                continue
            seen.add(oid)
            if known:
                delta = plain_delta(base, data) if rng.random() < 0.8 else odd_delta(rng, base, data)
                entries.append(craft.Entry("ofs", delta, oid, number))
            else:
                entries.append(craft.Entry("blob", data, oid))
            known.append((len(entries) - 1, data))
    return entries
