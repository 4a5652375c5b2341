"""An image's configuration: its steps, and the words in it that are in no file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from leaksieve.oci.fields import leaves, listed, mapping, platform_of, text, texts
from leaksieve.oci.model import Layer, Step, Text

BASE_NAME: Final = "org.opencontainers.image.base.name"
BASE_DIGEST: Final = "org.opencontainers.image.base.digest"
# Steps of one build follow one another more closely than this; only asked where the image says that it has a base.
_PAUSE: Final = timedelta(hours=12)
_CLOSING: Final = ("CMD", "ENTRYPOINT")
# What is read from the two halves of a configuration; the rest of them is "config".
_STEP: Final = frozenset({"created_by", "created", "empty_layer", "comment", "author"})
_OWN: Final = frozenset({"Env", "Labels", "Cmd", "Entrypoint", "Healthcheck", "OnBuild", "Shell"})


class Config(NamedTuple):
    """What is told: ``diffs`` are the digests of the layers' contents, lowest first."""

    platform: str
    steps: tuple[Step, ...]
    diffs: tuple[str, ...]
    labels: Mapping[str, str]
    texts: tuple[Text, ...]


def read_config(fields: Mapping[str, Any], digest: str) -> Config:
    """Take a configuration apart; what does not hold is left out."""
    steps = tuple(_steps(fields))
    found: list[Text] = []
    seen: dict[str, set[tuple[str, str]]] = {}

    def add(where: str, lines: Iterator[tuple[str, str]]) -> None:
        # Docker keeps a second copy, of the container the image was made from.
        known = seen.setdefault(where, set())
        fresh = [line for line in dict.fromkeys(lines) if line[1] and line not in known]
        if fresh:
            known.update(fresh)
            found.append(Text(where, tuple(fresh), digest))

    for half in ("config", "container_config"):
        settings = mapping(fields.get(half))
        add("env", _env(settings.get("Env")))
        add("label", ((key, f"{key}={value}") for key, value in texts(settings.get("Labels")).items()))
        add("cmd", _commands(settings))
        rest = {key: value for key, value in settings.items() if key not in _OWN or not _is_usual(key, value)}
        add("config", _flat(rest))
    add("history", _told(steps))
    halves = ("config", "container_config")
    top = {key: value for key, value in fields.items() if key not in (*halves, "history", "rootfs") or (key in halves and not isinstance(value, dict))}
    # What nothing reads may be there all the same.
    more = [{key: value for key, value in mapping(each).items() if key not in _STEP} for each in listed(fields.get("history"))]
    root = {key: value for key, value in mapping(fields.get("rootfs")).items() if key not in ("type", "diff_ids")}
    top |= ({"history": more} if any(more) else {}) | ({"rootfs": root} if root else {})
    add("config", _flat(top))
    diffs = tuple(text(each) for each in listed(mapping(fields.get("rootfs")).get("diff_ids")))
    return Config(platform_of(fields), steps, diffs, texts(mapping(fields.get("config")).get("Labels")), tuple(found))


def numbered(steps: Sequence[Step], layers: int) -> list[int]:
    """Return for each layer the number of its step: those that made no layer are passed over.

    Where the counts do not agree, the last steps are taken for the last layers', as base images may lack a history.
    """
    full = [number for number, step in enumerate(steps) if not step.empty]
    missing = layers - len(full)
    return [-1] * missing + full if missing >= 0 else full[-layers:] if layers else []


def base_layers(steps: Sequence[Step], numbers: Sequence[int], annotations: Mapping[str, str]) -> int:
    """Return how many layers came with the base image, as far as the history tells.

    A base image ends with its own CMD or ENTRYPOINT, and steps that make layers follow it.  Where there is none and the image says it has a
    base, the longest pause of 12 hours or more between layers is taken for the border; else all layers are its own.
    """
    last = max(numbers, default=-1)
    for number in range(last - 1, -1, -1):
        if steps[number].empty and instruction(steps[number]) in _CLOSING:
            return sum(1 for each in numbers if each < number)
    if annotations.get(BASE_NAME) or annotations.get(BASE_DIGEST):
        times = [(place, when) for place, number in enumerate(numbers) if number >= 0 and (when := _time(steps[number].created)) is not None]
        pauses = [(after - before, place) for (_, before), (place, after) in zip(times, times[1:], strict=False)]
        longest = max(pauses, default=(timedelta(0), 0))
        if longest[0] >= _PAUSE:
            return longest[1]
    return 0


def instruction(step: Step) -> str:
    """Return the instruction of a Dockerfile that a step is, "" for a bare shell command."""
    words = step.created_by.removeprefix("/bin/sh -c").lstrip().removeprefix("#(nop)").split(None, 1)
    return words[0] if words and words[0].isupper() and words[0].isalpha() else ""


def with_base(layers: Sequence[Layer], count: int) -> tuple[Layer, ...]:
    """Mark the lowest layers as the base image's."""
    return tuple(layer._replace(base=layer.number < count) for layer in layers)


def _time(written: str) -> datetime | None:
    try:
        # Seconds are enough, and nanoseconds are more than is understood.
        return datetime.fromisoformat(written[:19])
    except ValueError:
        return None


def _steps(fields: Mapping[str, Any]) -> Iterator[Step]:
    for each in listed(fields.get("history")):
        entry = mapping(each)
        yield Step(
            text(entry.get("created_by")),
            text(entry.get("created")),
            entry.get("empty_layer") is True,
            text(entry.get("comment")),
            text(entry.get("author")),
        )


def _told(steps: Sequence[Step]) -> Iterator[tuple[str, str]]:
    for number, step in enumerate(steps):
        yield str(number), step.created_by
    for number, step in enumerate(steps):
        for what, words in (("comment", step.comment), ("author", step.author)):
            yield f"{number} {what}", words


def _is_usual(key: str, value: Any) -> bool:
    """Whether a setting that has a reader of its own is in a form which that reader takes whole."""
    if value is None:
        return True
    if key == "Labels":
        return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
    if key == "Healthcheck":
        return (
            isinstance(value, dict)
            and _is_usual("Test", value.get("Test"))
            and not any(isinstance(each, (str, list, dict)) for name, each in value.items() if name != "Test")
        )
    if isinstance(value, list):
        return all(isinstance(each, str) for each in value)
    return isinstance(value, str) and key not in ("Env", "OnBuild")


def _env(value: Any) -> Iterator[tuple[str, str]]:
    for each in listed(value):
        entry = text(each)
        yield entry.partition("=")[0], entry


def _commands(settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in (
        ("Cmd", settings.get("Cmd")),
        ("Entrypoint", settings.get("Entrypoint")),
        ("Shell", settings.get("Shell")),
        ("Healthcheck", mapping(settings.get("Healthcheck")).get("Test")),
    ):
        yield name, text(value) or " ".join(text(word) for word in listed(value))
    for trigger in listed(settings.get("OnBuild")):
        yield "OnBuild", text(trigger)


def _flat(value: Any) -> Iterator[tuple[str, str]]:
    for name, words in leaves(value):
        yield name, f"{name}={words}" if words else name
