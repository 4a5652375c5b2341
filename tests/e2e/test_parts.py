"""A credential of several parts is one finding in every format, in the tree and in the history."""

import base64
import json
import os
import subprocess

import pytest
from realrun import environment, leaksieve

KEY_ID = "AKIA" + "QWERTYUIOP234567"
SECRET = "wJalr/XUtn+FEMIK7MDE" + "NGbPxRfiCYzq8L2v5d1n"
PAIRS = [("AWS_ACCESS_KEY_ID", KEY_ID), ("AWS_SECRET_ACCESS_KEY", SECRET)]


def _b64(text):
    return base64.b64encode(text.encode()).decode()


def _lines(pattern, pairs, between="\n"):
    return between.join(pattern.format(n=name, v=value, l=name.lower(), b=_b64(value)) for name, value in pairs) + "\n"


FORMATS = {
    ".env": lambda pairs: _lines("{n}={v}", pairs),
    "config.yaml": lambda pairs: "aws:\n" + _lines("  {l}: {v}", pairs),
    "config.json": lambda pairs: json.dumps({name.lower(): value for name, value in pairs}, indent=2),
    "flat.json": lambda pairs: json.dumps({"x": 1, **dict(pairs)}),
    "config.toml": lambda pairs: "[aws]\n" + _lines('{l} = "{v}"', pairs),
    "credentials.ini": lambda pairs: "[default]\n" + _lines("{l} = {v}", pairs),
    "main.tf": lambda pairs: 'provider "aws" {{\n{}}}\n'.format(_lines('  {l} = "{v}"', pairs)),
    "app.xml": lambda pairs: "<aws>\n" + _lines("  <{l}>{v}</{l}>", pairs) + "</aws>\n",
    "attributes.xml": lambda pairs: "<aws " + _lines('{l}="{v}"', pairs, " ").strip() + "/>\n",
    "app.properties": lambda pairs: _lines("{n}={v}", [(name.lower().replace("_", "."), value) for name, value in pairs]),
    "Dockerfile": lambda pairs: "FROM x\n" + _lines("ENV {n}={v}", pairs),
    "run.sh": lambda pairs: "#!/bin/sh\n" + _lines('export {n}="{v}"', pairs),
    "secret.yaml": lambda pairs: "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\ndata:\n" + _lines("  {n}: {b}", pairs),
    "strings.yaml": lambda pairs: "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\nstringData:\n" + _lines("  {n}: {v}", pairs),
    "deployment.yaml": lambda pairs: "env:\n" + _lines("- name: {n}\n  value: {v}", pairs),
    "book.ipynb": lambda pairs: json.dumps({"cells": [{"cell_type": "code", "source": [f"os.environ['{n}'] = '{v}'\n" for n, v in pairs]}]}, indent=1),
    "terraform.tfstate": lambda pairs: json.dumps({"environment": [{"name": name, "value": value} for name, value in pairs]}, indent=2),
    "api.postman_collection.json": lambda pairs: json.dumps({"variable": [{"value": value, "type": "string", "key": name} for name, value in pairs]}, indent=2),
    "traffic.har": lambda pairs: json.dumps({"postData": {"params": [{"name": name, "value": value} for name, value in pairs]}}),
}


def findings(path, *options):
    run = leaksieve(*options, "-f", "json", "--exit-zero", "--reveal", cwd=path)
    assert run.code == 0, run
    return [(one["rule_id"], one["secret"], one["parts"]) for one in run.report["findings"]], run


@pytest.mark.parametrize("order", [1, -1])
def test_every_format_gives_one_finding_with_its_id(tmp_path, order):
    wrong = {}
    for number, (name, write) in enumerate(FORMATS.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / name).write_text(write(PAIRS[::order]))
    run = leaksieve("dir", ".", "-f", "json", "--exit-zero", "--reveal", "--no-dedupe", "--no-gitignore", cwd=tmp_path)
    told = {}
    for one in run.report["findings"]:
        told.setdefault(os.path.basename(one["path"]), []).append((one["secret"], one["parts"].get("key_id")))
    for name in FORMATS:
        if told.get(name) != [(SECRET, KEY_ID)]:
            wrong[name] = told.get(name)
    assert not wrong, wrong


def test_tree_and_history_tell_the_same_parts(tmp_path):
    git = lambda *args: subprocess.run(  # noqa: E731
        ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *args], cwd=tmp_path, env=environment(tmp_path), check=True, capture_output=True
    )
    git("init", "-q")
    filler = "".join(f"line_{number} = {number}\n" for number in range(400))
    (tmp_path / "conf.ini").write_text(f"[a]\naws_access_key_id = {KEY_ID}\n" + filler)
    git("add", ".")
    git("commit", "-qm", "an id")
    (tmp_path / "conf.ini").write_text(f"[a]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n" + filler)
    git("commit", "-qam", "and its secret")
    (tmp_path / "conf.ini").write_text(f"[a]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n" + filler + "end = 1\n")
    git("commit", "-qam", "more")
    expected = [("aws-secret-access-key", SECRET, {"key_id": KEY_ID})]
    assert findings(tmp_path, "dir", ".")[0] == expected
    assert findings(tmp_path, "git", ".")[0] == expected
    assert findings(tmp_path, "git", ".", "--cache")[0] == expected
    assert findings(tmp_path, "git", ".", "--cache")[0] == expected


def test_reports_name_the_parts_and_mask_what_gets_in(tmp_path):
    password = "k3Jd8" + "fLq2Z9x"
    (tmp_path / ".env").write_text(
        f"DB_HOST=db.internal\nDB_PORT=5432\nDB_USER=svc\nDB_NAME=shop\nDB_PASSWORD={password}\n\n{PAIRS[0][0]}={KEY_ID}\n{PAIRS[1][0]}={SECRET}\n"
    )
    text = leaksieve("dir", ".", "--exit-zero", cwd=tmp_path).out.decode()
    assert "with  user=svc, host=db.internal, port=5432, database=shop" in text
    sarif = leaksieve("dir", ".", "--exit-zero", "-f", "sarif", cwd=tmp_path).out.decode()
    parts = [result["properties"].get("parts") for result in json.loads(sarif)["runs"][0]["results"]]
    assert {"user": "svc", "host": "db.internal", "port": "5432", "database": "shop"} in parts
    for out in (text, sarif, leaksieve("dir", ".", "--exit-zero", "-f", "json", cwd=tmp_path).out.decode()):
        assert not any(hidden in out for hidden in (password, KEY_ID, SECRET))


def test_one_secret_under_two_ids_is_one_finding_with_both_places(tmp_path):
    other = "AKIA" + "ASDFGHJKLZ765432"
    (tmp_path / "a.env").write_text(f"{PAIRS[0][0]}={KEY_ID}\n{PAIRS[1][0]}={SECRET}\n")
    (tmp_path / "b.env").write_text(f"{PAIRS[0][0]}={other}\n{PAIRS[1][0]}={SECRET}\n")
    (one,) = leaksieve("dir", ".", "-f", "json", "--exit-zero", cwd=tmp_path).report["findings"]
    assert len(one["occurrences"]) == 2
