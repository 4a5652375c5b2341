"""What the figures were measured on."""

from __future__ import annotations

import os
import platform


def facts() -> dict[str, str]:
    """Cores, processor, memory, system and Python, as far as the system tells."""
    return {
        "cores": str(cores()),
        "processor": _field("/proc/cpuinfo", "model name") or platform.processor() or platform.machine(),
        "memory": _memory(),
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
    }


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def line(found: dict[str, str]) -> str:
    """The facts as one line."""
    return ", ".join(f"{name}: {value}" for name, value in found.items())


def _memory() -> str:
    try:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.1f} GB"
    except (ValueError, OSError):
        return "unknown"


def _field(path: str, name: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            for text in file:
                key, _, value = text.partition(":")
                if key.strip() == name:
                    return value.strip()
    except OSError:
        pass
    return ""
