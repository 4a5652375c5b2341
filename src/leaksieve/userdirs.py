"""Where this user's files lie."""

from __future__ import annotations

import os
import sys


def user_cache() -> bytes:
    """Return the user's cache folder for this program, which may not be there yet.

    On Linux what platformdirs would say, which takes longer to import than a small scan may.  Raises OSError where no home
    directory is known, or where it would lie in another user's folder.
    """
    base, below = os.environ.get("XDG_CACHE_HOME", ""), "leaksieve"
    if not os.path.isabs(base):
        base, below = os.environ.get("HOME", ""), os.path.join(".cache", "leaksieve")
    if sys.platform != "linux" or not os.path.isabs(base):
        from platformdirs import user_cache_dir

        base, below = user_cache_dir("leaksieve"), ""
    if not os.path.isabs(base):
        raise OSError("no home directory is known")
    path = os.path.join(base, below) if below else base
    # Under sudo the home may be someone else's, and folders made there now would be in that user's way later.
    above = path
    while not os.path.exists(above):
        above = os.path.dirname(above)
    if hasattr(os, "geteuid") and os.stat(above).st_uid != os.geteuid():
        raise OSError("it would lie in another user's folder")
    return os.fsencode(path)
