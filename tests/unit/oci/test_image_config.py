"""Configurations: steps for layers, base images, and every word that is in no file."""

import pytest

from leaksieve.oci.config import base_layers, numbered, read_config
from leaksieve.oci.model import Step

NAMED = {"org.opencontainers.image.base.name": "docker.io/library/base:1"}


def steps(*written):
    return [
        Step(text.removeprefix("-"), created, text.startswith("-")) for text, created in (each if isinstance(each, tuple) else (each, "") for each in written)
    ]


@pytest.mark.parametrize(
    ("history", "layers", "expected"),
    [
        (["a", "-b", "c"], 2, [0, 2]),
        (["a", "-b", "c"], 3, [-1, 0, 2]),
        (["a", "-b", "c"], 1, [2]),
        ([], 2, [-1, -1]),
        (["-a"], 0, []),
    ],
)
def test_layers_have_the_steps_that_made_them(history, layers, expected):
    assert numbered(steps(*history), layers) == expected


@pytest.mark.parametrize(
    ("history", "annotations", "expected"),
    [
        (["ADD rootfs", '-CMD ["bash"]', "COPY a", '-CMD ["a"]'], {}, 1),
        (["/bin/sh -c #(nop) ADD file:1 in /", '-/bin/sh -c #(nop)  CMD ["bash"]', "/bin/sh -c make"], {}, 1),
        (["ADD rootfs", '-ENTRYPOINT ["x"]', "-ENV A=b", "COPY a", "COPY b"], {}, 1),
        # Two base images, one on the other: all of both.
        (["ADD a", "-CMD a", "RUN b", "-CMD b", "RUN c", "-CMD c"], {}, 2),
        # A command at the very end is its own.
        (["ADD a", "RUN b", "-CMD b", "-LABEL a=b"], {}, 0),
        (["RUN echo CMD", "COPY b"], {}, 0),
        ([("a", "2024-01-01T00:00:00Z"), ("b", "2024-01-01T00:01:00Z"), ("c", "2024-02-01T00:00:00.123456789Z")], NAMED, 2),
        ([("a", "2024-01-01T00:00:00Z"), ("b", "2024-01-01T00:01:00Z"), ("c", "2024-02-01T00:00:00Z")], {}, 0),
        ([("a", "2024-01-01T00:00:00Z"), ("b", "2024-01-01T01:00:00Z")], NAMED, 0),
        ([("a", "no date"), ("b", "")], NAMED, 0),
    ],
)
def test_base_images_end_with_a_command(history, annotations, expected):
    made = steps(*history)
    assert base_layers(made, [number for number, step in enumerate(made) if not step.empty], annotations) == expected


def test_every_word_is_somewhere():
    fields = {
        "architecture": "arm64",
        "os": "linux",
        "variant": "v8",
        "author": "someone",
        "config": {
            "Env": ["A=b", 7, "C=d=e"],
            "Labels": {"l": "m", "n": 1},
            "Cmd": ["x", "y"],
            "Entrypoint": "whole",
            "Shell": ["sh"],
            "Healthcheck": {"Test": ["CMD", "z"]},
            "OnBuild": ["RUN q"],
            "WorkingDir": "/w",
            "User": "u",
            "Volumes": {"/data": {}},
        },
        "container_config": {"Env": ["A=b", "F=g"]},
        "history": [{"created_by": "step", "comment": "said", "author": "who"}, 7],
        "rootfs": {"diff_ids": ["sha256:1"]},
        "unknown": {"deep": ["er"]},
    }
    read = read_config(fields, "sha256:2")
    assert read.platform == "linux/arm64/v8"
    assert read.diffs == ("sha256:1",)
    told = {}
    for text in read.texts:
        assert text.digest == "sha256:2"
        told.setdefault(text.where, []).extend(text.lines)
    assert told["env"] == [("A", "A=b"), ("C", "C=d=e"), ("F", "F=g")]
    assert told["label"] == [("l", "l=m")]
    assert dict(told["cmd"]) == {"Cmd": "x y", "Entrypoint": "whole", "Shell": "sh", "Healthcheck": "CMD z", "OnBuild": "RUN q"}
    assert told["history"] == [("0", "step"), ("0 comment", "said"), ("0 author", "who")]
    assert {
        ("WorkingDir", "WorkingDir=/w"),
        ("User", "User=u"),
        ("Volumes./data", "Volumes./data"),
        ("author", "author=someone"),
        ("unknown.deep[0]", "unknown.deep[0]=er"),
    } <= set(told["config"])


@pytest.mark.parametrize(
    "fields",
    [{}, {"config": 1, "history": {}, "rootfs": []}, {"config": {"Env": {}, "Labels": [], "Cmd": 1, "Healthcheck": []}, "history": [{"created_by": 3}]}],
)
def test_anything_else_is_passed_over(fields):
    assert read_config(fields, "").diffs == ()
