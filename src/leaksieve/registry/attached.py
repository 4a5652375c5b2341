"""What is attached to an image: signatures, attestations, bills of materials, by the referrers interface or under tags made of its digest."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from leaksieve.oci.digest import is_digest
from leaksieve.oci.fields import descriptor, listed, parsed
from leaksieve.oci.model import BlobError, Descriptor
from leaksieve.registry.failure import WebError
from leaksieve.registry.session import Session

_INDEX: Final = "application/vnd.oci.image.index.v1+json"
_LARGEST: Final = 4 * 1024 * 1024
_PAGES: Final = 20
_MOST: Final = 500
# Registries without the interface have an index under the bare tag; cosign has manifests under those with an ending.
_ENDINGS: Final = ("", ".att", ".sbom", ".sig")
_NEXT: Final = re.compile(r"""<([^<>]+)>\s*;\s*rel\s*=\s*"?next"?""")


def attached(session: Session, digest: str, manifest: Callable[[str], Descriptor]) -> Sequence[Descriptor]:
    """Return what refers to a manifest.  Raises WebError where a registry has such a list and does not give it."""
    listed_there = _listed(session, digest)
    found = list(listed_there or ())
    for ending in _ENDINGS:
        if ending or listed_there is None:
            found += _tagged(session, f"{digest.replace(':', '-')}{ending}", manifest)
    return list({each.digest: each for each in found if is_digest(each.digest)}.values())[:_MOST]


def _listed(session: Session, digest: str) -> list[Descriptor] | None:
    """Ask the interface; None where there is none."""
    path, found = f"referrers/{digest}", list[Descriptor]()
    for page in range(_PAGES):
        try:
            answer = session.ask("GET", path, "list", {"Accept": _INDEX})
        except WebError as error:
            # Registries that do not know it say so in many ways; one that is only busy or broken is another matter.
            if page == 0 and not error.passing and error.reason not in ("private-address", "tls", "redirect"):
                return None
            raise
        kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        data = answer.whole(_LARGEST, "list of what is attached")
        try:
            fields = parsed(data, "list")
        except BlobError:
            return None if page == 0 else found
        if kind != _INDEX and "manifests" not in fields:
            return None
        found += [descriptor(each) for each in listed(fields.get("manifests"))]
        following = _NEXT.search(answer.headers.get("Link", ""))
        if following is None or len(found) > _MOST:
            return found
        # Only pages of this very list, wherever the header says that they are.
        path = f"referrers/{digest}?{following[1].partition('?')[2].partition('#')[0]}"
    return found


def _tagged(session: Session, tag: str, manifest: Callable[[str], Descriptor]) -> list[Descriptor]:
    try:
        # Asking whether it is there is not counted by registries that count what is fetched.
        session.ask("HEAD", f"manifests/{tag}", "tag", {"Accept": f"{_INDEX}, application/vnd.oci.image.manifest.v1+json"}).discard()
    except WebError as error:
        if error.passing:
            raise
        return []
    found = manifest(tag)
    try:
        fields = parsed(found.data or b"", "manifest")
    except BlobError:
        return [found]
    if "manifests" in fields and "layers" not in fields:
        return [descriptor(each) for each in listed(fields.get("manifests"))]
    return [found]
