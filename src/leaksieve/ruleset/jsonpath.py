r"""Places in a JSON answer: ``user.login``, ``items[0].id``, ``scopes[]`` (every item), ``a\.b`` (a dot in a name)."""

from __future__ import annotations

import re

Step = str | int | None
_STEP = re.compile(r"(?P<name>(?:[^.\[\]\\]|\\.)+)|\[(?P<index>-?[0-9]{0,4})\]|(?P<dot>\.)")


def parse(path: str) -> tuple[Step, ...]:
    """The steps of a path: names, positions in a list, None for every item.  ValueError for what is no path."""
    steps: list[Step] = []
    at, dotted = 0, True
    while at < len(path):
        found = _STEP.match(path, at)
        if found is None:
            raise ValueError(f"`{path}` is not a path such as user.login or items[0].id")
        if found["dot"]:
            if dotted:
                raise ValueError(f"`{path}` has a dot too many")
            dotted = True
        elif found["name"] is not None:
            if not dotted:
                raise ValueError(f"`{path}` lacks a dot")
            steps.append(re.sub(r"\\(.)", r"\1", found["name"]))
            dotted = False
        else:
            steps.append(int(found["index"]) if found["index"] not in ("", "-") else None)
            dotted = False
        at = found.end()
    if not steps or dotted:
        raise ValueError(f"`{path}` names nothing" if not steps else f"`{path}` ends in a dot")
    return tuple(steps)


def look_up(value: object, steps: tuple[Step, ...]) -> list[object]:
    """What stands there: nothing, one value, or one for each item."""
    found = [value]
    for step in steps:
        further: list[object] = []
        for one in found:
            if isinstance(step, str):
                if isinstance(one, dict) and step in one:
                    further.append(one[step])
            elif isinstance(one, list):
                if step is None:
                    further += one
                elif -len(one) <= step < len(one):
                    further.append(one[step])
        found = further
    return found
