"""What stands at a place of a pack, inflated as fast as its announced size allows."""

from __future__ import annotations

from leaksieve.gitobjects.compiled import decompress
from leaksieve.gitobjects.errors import BadDataError
from leaksieve.gitobjects.inflate import inflate
from leaksieve.gitobjects.pack import Pack

# Up to this announced size, inflating in one go cannot yield more than some 70 MB, whatever the stream holds.
AT_ONCE = 64 * 1024


def inflated(pack: Pack, at: int, size: int, at_once: int = AT_ONCE) -> bytes:
    """Inflate the stream at an offset, which must hold exactly ``size`` bytes: in one go up to ``at_once`` of them.

    Raises OSError, BadDataError or one of ``compiled.ERRORS``.
    """
    if size > at_once:
        return inflate(pack.view, at, size)
    # Where the stream ends is not known: so many bytes hold it, unless somebody packed it badly on purpose.
    content = decompress(pack.view[at : at + size + (size >> 6) + 64], 15, size or 1)
    if len(content) != size:
        raise BadDataError("inflates to another size than announced")
    return content
