"""Where this user's files lie."""

from __future__ import annotations

import os
import sys


def user_cache() -> str:
    """Return the user's cache folder for this program; "" or a relative path where no home directory is known.

    On Linux what platformdirs would say, which takes longer to import than a small scan may.
    """
    base, below = os.environ.get("XDG_CACHE_HOME", ""), "leaksieve"
    if not os.path.isabs(base):
        base, below = os.environ.get("HOME", ""), os.path.join(".cache", "leaksieve")
    if sys.platform != "linux" or not os.path.isabs(base):
        from platformdirs import user_cache_dir

        return user_cache_dir("leaksieve")
    return os.path.join(base, below)
