"""Docker Hub, which answers under one name and is called by many."""

from __future__ import annotations

from typing import Final

HUB: Final = "docker.io"
# Docker Hub answers elsewhere, and logins to it are kept under an address of the first days.
HUB_HOST: Final = "registry-1.docker.io"
HUB_LOGIN: Final = "https://index.docker.io/v1/"
# All hosts that mean it.
HUB_NAMES: Final = (HUB, "index.docker.io", HUB_HOST)
