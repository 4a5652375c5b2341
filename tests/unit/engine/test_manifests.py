"""Kubernetes Secrets: what is inside is found, wherever in the manifest it stands."""

import base64

import pytest
from rulebook import BOTH, engine

from leaksieve.engine.manifests import kubernetes_secret
from leaksieve.model import Span


def b64(text):
    return base64.b64encode(text.encode()).decode()


def manifest(entries, *, first="kind", block="data"):
    head = "kind: Secret\nmetadata:\n  name: db\ntype: Opaque\n"
    body = f"{block}:\n" + "".join(f"  {name}: {value}\n" for name, value in entries)
    return "apiVersion: v1\n" + (head + body if first == "kind" else body + head)


def found(text, prefilter="aho-corasick"):
    data = text.encode()
    return [
        (m.rule_id, m.secret.reveal().decode(), data[slice(*m.secret_span)].decode()) for m in engine(prefilter).scan(data, b"s.yaml").matches if not m.rejected
    ]


@pytest.mark.parametrize("prefilter", BOTH)
@pytest.mark.parametrize("first", ["kind", "data"])
def test_a_short_password_is_found_decoded(first, prefilter):
    text = manifest([("username", b64("svc")), ("password", b64("s3cr3t\n"))], first=first)
    assert found(text, prefilter) == [("kubernetes-secret-value", "s3cr3t", b64("s3cr3t\n"))]


@pytest.mark.parametrize("prefilter", BOTH)
def test_plain_strings_and_json_are_read_as_well(prefilter):
    assert found(manifest([("password", "s3cr3t")], block="stringData"), prefilter) == [("kubernetes-secret-value", "s3cr3t", "s3cr3t")]
    text = '{{"apiVersion":"v1","kind":"Secret","data":{{"user":"{}","password":"{}"}}}}'.format(b64("svc"), b64("s3cr3t"))
    assert found(text, prefilter) == [("kubernetes-secret-value", "s3cr3t", b64("s3cr3t"))]


def test_a_known_credential_is_told_by_its_own_rule_with_its_part():
    key_id, secret = "AKIA" + "QWERTYUIOP234567", "wJalr/XUtn+FEMIK7MDENGbPxRfiCYzq8L2v5d1n"
    data = manifest([("AWS_SECRET_ACCESS_KEY", b64(secret)), ("AWS_ACCESS_KEY_ID", b64(key_id))]).encode()
    (match,) = [m for m in engine().scan(data, b"s.yaml").matches if not m.rejected]
    assert (match.rule_id, match.decoded) == ("aws-secret-access-key", ("kubernetes-secret",))
    assert [(name, part.reveal().decode()) for name, part in match.parts] == [("key_id", key_id)]


def test_what_is_no_secret_is_left_alone():
    text = manifest([("username", b64("svc")), ("host", b64("db.corp"))])
    assert found(text) == []
    assert found(text.replace("Secret", "ConfigMap").replace("username", "password")) in ([], [("generic-password", b64("svc"), b64("svc"))])
    assert found(manifest([("password", "{{ .Values.password | b64enc }}")])) == []
    assert found(manifest([("password", "${DB_PASSWORD}")], block="stringData")) == []


def test_every_value_leads_back_to_its_own_bytes():
    text = manifest(
        [("a-password", b64("first1")), ("note", "not base64!"), ("b-token", '"' + b64("second2") + '"'), ("c", "'" + b64('has "quotes"') + "'")]
    ).encode()
    region = kubernetes_secret(text, text.index(b"kind"))
    for value in (b"first1", b"second2", b'has "quotes"'):
        at = region.data.index(value)
        assert text[slice(*region.span(Span(at, at + len(value))))] == base64.b64encode(value)
    assert b"kind: secret" in region.data


def test_other_documents_of_the_file_are_none_of_its_business():
    text = manifest([("password", b64("s3cr3t"))]) + "---\nkind: ConfigMap\ndata:\n  password: " + b64("public") + "\n"
    assert ("kubernetes-secret-value", "public", b64("public")) not in found(text)
    assert kubernetes_secret(b"kind: SecretStore\ndata:\n  password: czNjcjN0\n", 0) is None
