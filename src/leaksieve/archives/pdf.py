"""PDF: the text of each page by PDFium, and by pypdf what is noted on it, fields, scripts, what the file says of itself, and files attached."""

from __future__ import annotations

import io
from collections.abc import Iterator
from importlib import import_module
from typing import Any, Final

from leaksieve.archives import apart
from leaksieve.archives.entries import Entry, too_large
from leaksieve.archives.limits import Budget, DamagedError, LimitError
from leaksieve.archives.streams import Buffer

_MOST_PAGES: Final = 20_000
# Each may have cost as much as a page can.
_MOST_BROKEN: Final = 20
_UNREADABLE: Final = ("archive-damaged", "a page that cannot be read")


def entries(data: Buffer, budget: Budget) -> Iterator[Entry]:
    """Yield pages and the rest as members.  Raises DamagedError and LimitError."""
    # Here, so that the processes inherit them.
    import logging

    import_module("pypdf")
    import_module("pypdfium2")
    # It tells of every oddity it meets.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL + 1)
    return apart.entries(lambda: _entries(data, budget), len(data), budget)


def _entries(data: Buffer, budget: Budget) -> Iterator[Entry]:
    from pypdf import PdfReader

    try:
        reader = PdfReader(io.BytesIO(data[:]), strict=False)
        locked = reader.is_encrypted and not reader.decrypt("")
    except MemoryError:
        raise
    except Exception as error:
        if type(error).__name__ in ("DependencyError", "FileNotDecryptedError", "WrongPasswordError"):
            locked = True
        else:
            raise DamagedError("its objects do not hold together") from None
    if locked:
        yield Entry(b"", None, (), ("encrypted-member", "its content is encrypted"))
        return
    broken = 0
    for name, part in _parts(reader, _Texts(data)):
        if isinstance(part, Exception):
            yield Entry(name, None, (), _UNREADABLE)
            broken += 1
            if broken > _MOST_BROKEN:
                raise DamagedError("page after page cannot be read")
        elif len(part) > budget.member_limit:
            yield Entry(name, None, (), too_large(len(part), budget.member_limit))
        elif part:
            budget.inflated(len(part))
            yield Entry(name, part)


class _Texts:
    """The texts of a document's pages by PDFium, ten times as fast as pypdf, which is asked where PDFium reads no such page."""

    def __init__(self, data: Buffer) -> None:
        import pypdfium2

        self._document: Any
        try:
            self._document = pypdfium2.PdfDocument(data[:])
        except pypdfium2.PdfiumError:
            self._document = None

    def page(self, number: int, page: Any) -> str:
        """Return the text of a page, the first being 0; ``page`` is pypdf's."""
        import pypdfium2

        if self._document is not None:
            try:
                text = self._document[number].get_textpage().get_text_bounded()
            except (pypdfium2.PdfiumError, IndexError):
                pass
            else:
                return str(text).replace("\r\n", "\n")
        return str(page.extract_text())


def _parts(reader: Any, texts: _Texts) -> Iterator[tuple[bytes, bytes | Exception]]:
    """Every part is read by itself: one that is broken leaves the others."""
    yield from _told(b"metadata", lambda: _metadata(reader))
    yield from _told(b"fields", lambda: _fields(reader))
    yield from _told(b"scripts", lambda: _scripts(reader))
    try:
        count = len(reader.pages)
    except (MemoryError, LimitError):
        raise
    except Exception as error:
        yield b"pages", error
        count = 0
    for number in range(min(count, _MOST_PAGES)):
        yield from _told(b"page %d" % (number + 1), lambda number=number: _page(number, reader.pages[number], texts))
    try:
        attached = [(name, content) for name, contents in reader.attachments.items() for content in contents]
    except (MemoryError, LimitError):
        raise
    except Exception as error:
        yield b"attachments", error
        return
    for name, content in attached:
        yield b"attachments/" + _bytes(name), content
    if count > _MOST_PAGES:
        raise LimitError(f"more than {_MOST_PAGES} pages")


def _told(name: bytes, make: Any) -> Iterator[tuple[bytes, bytes | Exception]]:
    try:
        text = make()
    except (MemoryError, LimitError):
        raise
    except Exception as error:
        yield name, error
        return
    if text:
        yield name, _bytes(text)


def _page(number: int, page: Any, texts: _Texts) -> str:
    lines = [texts.page(number, page)]
    for each in page.get("/Annots") or ():
        note = each.get_object()
        lines += [str(note[key]) for key in ("/Contents", "/V", "/RC") if key in note]
        action = note.get("/A")
        if action is not None:
            action = action.get_object()
            lines += [str(action[key]) for key in ("/URI", "/JS") if key in action]
    return "\n".join(lines)


def _metadata(reader: Any) -> str:
    lines = [f"{str(key).lstrip('/')}: {value}" for key, value in (reader.metadata or {}).items()]
    stream = reader.trailer["/Root"].get("/Metadata")
    if stream is not None:
        lines.append(stream.get_object().get_data().decode("utf-8", "replace"))
    return "\n".join(lines)


def _fields(reader: Any) -> str:
    return "\n".join(f"{name}: {field.get('/V', '')}" for name, field in (reader.get_fields() or {}).items())


def _scripts(reader: Any) -> str:
    root = reader.trailer["/Root"]
    found = [root.get("/OpenAction")]
    names = root.get("/Names")
    tree = names.get_object().get("/JavaScript") if names is not None else None
    if tree is not None:
        found += list(tree.get_object().get("/Names") or ())[1::2]
    lines = []
    for each in found:
        action: Any = each.get_object() if each is not None else None
        script = action.get("/JS") if hasattr(action, "get") else None
        if script is not None:
            script = script.get_object()
            lines.append(script.get_data().decode("utf-8", "replace") if hasattr(script, "get_data") else str(script))
    return "\n".join(lines)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
