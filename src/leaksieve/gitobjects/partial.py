"""Whether a repository is a partial clone, which lacks objects on purpose."""

from __future__ import annotations

import os

from leaksieve.gitobjects.objects import ObjectStore


def is_partial(store: ObjectStore) -> bool:
    """Whether packs came with a promise of more objects; the configuration alone does not tell, its keys changed with git's versions."""
    if "partialclone" in store.repository.extensions:
        return True
    for directory in store.object_dirs():
        try:
            names = os.listdir(os.path.join(directory, b"pack"))
        except OSError:
            continue
        if any(name.endswith(b".promisor") for name in names):
            return True
    return False
