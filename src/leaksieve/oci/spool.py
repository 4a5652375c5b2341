"""Compressed archives of images: unpacked into a private file first, since their parts are read in an order of their own."""

from __future__ import annotations

import os
import shutil
import tempfile

from leaksieve.archives.limits import DamagedError, LimitError, UnsupportedError
from leaksieve.errors import SourceError
from leaksieve.oci.unpack import HEAD, packing, unpacked

# The disk is never filled to the last: looked at so often (pieces of 1 MiB), with so many bytes to be left.
_OFTEN = 32
_LEFT = 256 * 1024 * 1024


def spooled(path: bytes, shown: str) -> tuple[bytes, bytes | None]:
    """Return the path of the uncompressed archive, and the folder that is to be removed afterwards where one was made.

    Of a stream that breaks off, what there was is kept.  Raises OSError, and SourceError for what cannot be unpacked.
    """
    with open(path, "rb") as file:
        kind = packing(file.read(HEAD))
        if not kind:
            return path, None
        file.seek(0)
        folder = os.fsencode(tempfile.mkdtemp(prefix="leaksieve-image-"))
        try:
            real = os.path.join(folder, b"archive.tar")
            with open(real, "xb") as copy:
                try:
                    for number, piece in enumerate(unpacked(kind, file.read)):
                        if not number % _OFTEN and shutil.disk_usage(folder).free < _LEFT:
                            raise SourceError("there is no room to unpack it", where=shown, hint="set TMPDIR to a folder with more")
                        copy.write(piece)
                except DamagedError:
                    pass  # the tar is cut short then, and that is told
                except (LimitError, UnsupportedError) as error:
                    raise SourceError(str(error), where=shown) from None
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    return real, folder
