"""How many workers this process may use: what the container's quota and the CPU mask allow, not what the machine has."""

from __future__ import annotations

import os

CGROUP = "/sys/fs/cgroup"
MEMBERSHIP = "/proc/self/cgroup"


def available() -> int:
    """Return the number of processors this process can keep busy, at least 1."""
    try:
        count = len(os.sched_getaffinity(0))
    except (AttributeError, OSError):
        count = os.cpu_count() or 1
    limit = quota()
    if limit is not None:
        # A quota of 2.5 keeps two workers busy, and a third would be throttled half of the time.
        count = min(count, max(int(limit), 1))
    return max(count, 1)


def quota(root: str = CGROUP, membership: str = MEMBERSHIP) -> float | None:
    """Return the CPU quota in processors, the smallest on the way up from this process's group; ``None`` is no limit.

    Reads cgroup v2 (``cpu.max``) and v1 (``cpu.cfs_quota_us``).  Inside a container the path named in
    /proc is often the host's and does not exist here, so the mount's own root is always looked at too.
    """
    found: list[float] = []
    for mount, group in _groups(root, membership):
        folder = os.path.normpath(mount + "/" + group)
        while folder.startswith(mount):
            limit = _limit(folder)
            if limit is not None:
                found.append(limit)
            if folder == mount:
                break
            folder = os.path.dirname(folder)
    return min(found, default=None)


def _groups(root: str, membership: str) -> list[tuple[str, str]]:
    groups = [(root, ""), (f"{root}/cpu", "")]
    for line in _text(membership).splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not controllers:
            groups.append((root, path))
        elif "cpu" in controllers.split(","):
            groups += [(f"{root}/cpu", path), (f"{root}/{controllers}", path)]
    return groups


def _limit(folder: str) -> float | None:
    fields = _text(folder + "/cpu.max").split()
    if not fields:
        fields = [_text(folder + "/cpu.cfs_quota_us").strip(), _text(folder + "/cpu.cfs_period_us").strip()]
    if len(fields) == 2 and fields[0].isdecimal() and fields[1].isdecimal() and int(fields[1]):
        return int(fields[0]) / int(fields[1])
    return None


def _text(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
