"""Many versions of files with secrets near every edit, and deltas between them as git, or nobody sane, would write them."""

from __future__ import annotations

import base64
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


def dressed(rng: random.Random, secret: bytes) -> bytes:
    """A secret as files hold it: plain, or encoded with what stands around it."""
    around = b"x = " + secret + b" # " + rng.randbytes(4).hex().encode()
    match rng.randrange(7):
        case 0:
            return base64.b64encode(around * rng.choice((1, 1, 3)))
        case 1:
            return around.hex().encode()
        case 2:
            return b"".join(b"%%%02x" % byte if rng.random() < 0.4 or byte <= 32 else bytes((byte,)) for byte in around)
        case 3:
            return b"".join(b"\\u%04x" % byte if rng.random() < 0.3 else bytes((byte,)) for byte in around)
        case 4:
            return around.decode("latin-1").encode("utf-16-le")
        case _:
            return secret


def pack_of_trees(seed: int, names: list[bytes], *, families: int = 3, versions: int = 40) -> list[craft.Entry]:
    """Trees whose names hold secrets, each a delta on another one; ids hold what looks like other parts of an entry."""
    rng = random.Random(seed)

    def entry() -> tuple[bytes, bytes, bytes]:
        chance = rng.random()
        name = rng.choice(names) if chance < 0.05 else rng.randbytes(rng.randint(1, 12)).hex().encode()
        if chance > 0.95:
            name = rng.choice((b"key=", b"token", b"a\nb", b"AKIA", b"x" * 300, b"100644 x")) + name
        oid = rng.randbytes(20)
        if rng.random() < 0.2:
            oid = rng.choice((b"\x00100644 name\x00", b"40000 ", b"\x00\x00\x00", b" ", b"\n")).ljust(20, rng.choice((b"\0", b"a", b"7")))[:20]
        return rng.choice((b"100644", b"40000", b"120000", b"100755")), name, oid

    entries: list[craft.Entry] = []
    for family in range(families):
        known: list[tuple[int, list[tuple[bytes, bytes, bytes]], bytes]] = []
        rows = [entry() for _ in range(rng.choice((3, 60, 400, 1500)))]
        for version in range(versions):
            if known:
                number, rows, base = rng.choice(known[-4:])
                rows = list(rows)
                for _ in range(rng.choice((1, 1, 3))):
                    at = rng.randrange(len(rows) + 1)
                    match rng.randrange(3):
                        case 0:
                            rows.insert(at, entry())
                        case 1:
                            del rows[at : at + 1]
                        case 2:
                            rows[at : at + 1] = [entry()]
            data = b"".join(mode + b" " + name + b"\0" + oid for mode, name, oid in rows)
            oid = craft.object_id("tree", data + bytes((family, version)))
            if known:
                entries.append(craft.Entry("ofs", plain_delta(base, data) if rng.random() < 0.7 else odd_delta(rng, base, data), oid, number))
            else:
                entries.append(craft.Entry("tree", data, oid))
            known.append((len(entries) - 1, rows, data))
    return entries
