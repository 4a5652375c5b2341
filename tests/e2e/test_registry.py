"""Images pulled from the real registry: in the clear, over TLS, with passwords and with tokens; pushed by skopeo and by hand."""

from __future__ import annotations

import base64
import json
import subprocess

import imagecraft as craft
import pytest
from planted import token
from realrun import leaksieve
from registries import PASSWORD, QUICK, USER, Authority, Registry, Server, Tokens, forward, htpasswd, login_file, program, pulled, reply, told, watched

pytestmark = pytest.mark.e2e

KEPT, GONE, ENV, LABEL, STEP, NOTE = (token(number) for number in range(9501, 9507))
ARM, SBOM, SEAL, LISTED = (token(number) for number in range(9507, 9511))
LAYERS = [
    craft.layer({"srv": None, "srv/gone.env": f"key = {GONE}\n".encode()}),
    craft.layer({"srv/kept.env": f"key = {KEPT}\n".encode(), "srv/.wh.gone.env": b""}),
]
HISTORY = [{"created_by": "COPY one /srv"}, {"created_by": f"RUN |1 TOKEN={STEP} make"}]
PLANTED = {KEPT, GONE, ENV, LABEL, STEP, NOTE}


def made(packing: str = "+gzip") -> tuple[craft.Layout, dict]:
    layout = craft.Layout()
    config = craft.config(LAYERS, HISTORY, Env=[f"API_TOKEN={ENV}"], Labels={"note": f"see {LABEL}"})
    return layout, layout.image(LAYERS, config, packing=packing, annotations={"org.example.key": NOTE})


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    with Registry(tmp_path_factory.mktemp("registry")) as running:
        running.push("team/app", "v1", *made())
        yield running


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.mark.parametrize("packing", ["", "+gzip", "+zstd"])
def test_everything_planted_is_found_with_layer_and_step(registry, packing):
    registry.push("team/packed", f"v{packing[1:]}", *made(packing))
    found = pulled(f"{registry.host}/team/packed:v{packing[1:]}")
    assert set(found.findings) == PLANTED
    assert found.coverage.complete, told(found)
    gone = found.one(GONE)
    assert (gone["path"], gone["layer_index"], gone["deleted_later"], gone["created_by"]) == ("srv/gone.env", 0, True, "COPY one /srv")
    assert found.one(KEPT)["layer_index"] == 1
    assert gone["image"] == f"{registry.host}/team/packed:v{packing[1:]}"


def test_pushed_by_skopeo_and_scanned_by_workers(registry, tmp_path):
    layout, image = made()
    layout.add(image, "app").write(tmp_path / "layout")
    call = [
        program("skopeo"),
        "--insecure-policy",
        "copy",
        "-q",
        "--dest-tls-verify=false",
        f"oci:{tmp_path}/layout:app",
        f"docker://{registry.host}/skopeo/app:v2",
    ]
    subprocess.run(call, check=True, env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "TMPDIR": str(tmp_path)})
    found = pulled(f"{registry.host}/skopeo/app:v2", jobs=2)
    assert set(found.findings) == PLANTED
    assert found.coverage.complete


def test_by_digest(registry):
    _, image = made()
    found = pulled(f"{registry.host}/team/app:other@{image['digest']}")
    assert set(found.findings) == PLANTED
    assert found.coverage.sources[0].resolved == image["digest"]


@pytest.mark.parametrize("name", ["team/app:none", "team/none:v1", f"team/app@sha256:{'0' * 64}"])
def test_what_is_not_there_is_a_failure(registry, name):
    found = pulled(f"{registry.host}/{name}")
    assert "there is no such image" in told(found)
    assert not found.coverage.complete


def test_a_layer_that_the_registry_lost(tmp_path):
    with Registry(tmp_path / "own") as registry:
        registry.push("app", "v1", *made())
        digest = craft.digest(craft.PACKINGS["+gzip"](LAYERS[0])).partition(":")[2]
        (tmp_path / f"own/data/docker/registry/v2/blobs/sha256/{digest[:2]}/{digest}/data").unlink()
        found = pulled(f"{registry.host}/app:v1")
    assert ("failed", "missing-blob") in found.skips or ("failed", "unreadable") in found.skips
    assert set(found.findings) == PLANTED - {GONE}


@pytest.fixture(scope="module")
def many(registry):
    """An image for two platforms, with an attestation of one."""
    layout, one = made()
    other = [craft.layer({"arm.env": f"key = {ARM}\n".encode()})]
    arm = layout.image(other, craft.config(other, platform="linux/arm64"), platform={"os": "linux", "architecture": "arm64"})
    one["platform"] = {"os": "linux", "architecture": "amd64"}
    statement = json.dumps({"predicate": {"note": SEAL}}).encode()
    config = layout.blob(b"{}", "application/vnd.oci.empty.v1+json")
    seal = layout.blob(
        json.dumps(
            {"schemaVersion": 2, "mediaType": craft.MANIFEST, "config": config, "layers": [layout.blob(statement, "application/vnd.in-toto+json")]}
        ).encode(),
        craft.MANIFEST,
        platform={"os": "unknown", "architecture": "unknown"},
        annotations={"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": one["digest"]},
    )
    registry.push("team/many", "v1", layout, layout.index([one, arm, seal], annotations={"org.example.listed": LISTED}))
    return f"{registry.host}/team/many:v1"


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ("linux/arm64", {ARM, LISTED}),
        ("linux/amd64", PLANTED | {SEAL, LISTED}),
        ("all", PLANTED | {ARM, SEAL, LISTED}),
    ],
)
def test_platforms(many, platform, expected):
    found = pulled(many, platform=platform)
    assert set(found.findings) == expected
    assert found.coverage.complete
    assert (("excluded", "other-platform") in found.skips) == (platform != "all")


def test_without_a_platform_this_machine_s_is_taken(many, monkeypatch):
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    found = pulled(many)
    assert set(found.findings) == {ARM, LISTED}
    assert "linux/amd64; --platform all" in told(found)


def test_without_a_platform_and_none_of_this_machine_all_are_taken(many, monkeypatch):
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    assert set(pulled(many).findings) == PLANTED | {ARM, SEAL, LISTED}


def test_a_platform_that_there_is_not(many):
    found = pulled(many, platform="windows/amd64")
    assert ("failed", "no-such-platform") in found.skips


def artifact(registry, value: str, subject: dict | None = None) -> tuple[bytes, str]:
    layout = craft.Layout()
    fields = {
        "schemaVersion": 2,
        "mediaType": craft.MANIFEST,
        "artifactType": "application/spdx+json",
        "config": layout.blob(b"{}", "application/vnd.oci.empty.v1+json"),
        "layers": [layout.blob(json.dumps({"comment": value}).encode(), "application/spdx+json")],
    }
    if subject:
        fields["subject"] = {name: subject[name] for name in ("mediaType", "digest", "size")}
    for data in list(layout.files.values())[1:]:
        registry.blob("team/sealed", data)
    data = json.dumps(fields).encode()
    return data, craft.digest(data)


def test_what_is_attached_under_tags_is_scanned(registry):
    layout, image = made()
    registry.push("team/sealed", "v1", layout, image)
    data, digest = artifact(registry, SBOM, image)
    registry.manifest("team/sealed", digest, data, craft.MANIFEST)
    index = {"schemaVersion": 2, "mediaType": craft.INDEX, "manifests": [{"mediaType": craft.MANIFEST, "digest": digest, "size": len(data)}]}
    tag = image["digest"].replace(":", "-")
    registry.manifest("team/sealed", tag, json.dumps(index).encode(), craft.INDEX)
    registry.manifest("team/sealed", f"{tag}.att", artifact(registry, SEAL)[0], craft.MANIFEST)
    found = pulled(f"{registry.host}/team/sealed:v1")
    assert set(found.findings) == PLANTED | {SBOM, SEAL}
    assert found.one(SBOM)["image"] == f"{registry.host}/team/sealed@{digest}"
    assert found.coverage.complete


def test_what_is_attached_by_the_referrers_interface_is_scanned_page_by_page(registry):
    _, image = made()
    registry.push("team/sealed", "v3", *made())
    first, second = (artifact(registry, value, image) for value in (SBOM, SEAL))
    for data, digest in (first, second):
        registry.manifest("team/sealed", digest, data, craft.MANIFEST)

    def answer(handler):
        if "/referrers/" not in handler.path:
            forward(handler, registry.host)
            return
        more = "page=2" in handler.path
        data, digest = second if more else first
        listed = {"schemaVersion": 2, "mediaType": craft.INDEX, "manifests": [{"mediaType": craft.MANIFEST, "digest": digest, "size": len(data)}]}
        links = {} if more else {"Link": '</v2/elsewhere/referrers/x?page=2>; rel="next"'}
        reply(handler, 200, json.dumps(listed).encode(), Content_Type=craft.INDEX, **links)

    with Server(answer) as between:
        found = pulled(f"{between.host}/team/sealed:v3")
    assert {SBOM, SEAL} <= set(found.findings)
    assert [path.partition("?")[0] for path in between.paths("/referrers/")] == [f"/v2/team/sealed/referrers/{image['digest']}"] * 2


def test_a_layer_that_held_nothing_is_not_fetched_again(registry, tmp_path):
    quiet = [craft.layer({"a.txt": b"nothing\n" * 500}), craft.layer({"b.txt": b"nor here\n" * 500})]
    layout = craft.Layout()
    registry.push("team/quiet", "v1", layout, layout.image(quiet, craft.config(quiet)))
    with Server(lambda handler: forward(handler, registry.host)) as between:
        for _ in range(2):
            found = pulled(f"{between.host}/team/quiet:v1", cache_dir=tmp_path)
            assert found.coverage.complete
            assert found.coverage.sources[0].scanned["files"] == 2
        digests = [craft.digest(craft.PACKINGS["+gzip"](each)) for each in quiet]
        assert [len(between.paths(digest)) for digest in digests] == [1, 1]


# Logins.


def test_a_password_over_tls(tmp_path, authority):
    reach = QUICK._replace(plain_http=False, ca_file=str(authority.ca))
    basic = {"Authorization": "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()}
    with Registry(tmp_path / "r", auth=htpasswd(tmp_path / "auth"), authority=authority) as registry:
        registry.push("app", "v1", *made(), **basic)
        reference = f"{registry.host}/app:v1"
        assert set(pulled(reference, login_file(tmp_path / "home", registry.host), reach).findings) == PLANTED
        variables = {"LEAKSIEVE_REGISTRY_HOST": registry.host, "LEAKSIEVE_REGISTRY_USERNAME": USER, "LEAKSIEVE_REGISTRY_PASSWORD": PASSWORD}
        assert set(pulled(reference, variables, reach).findings) == PLANTED
        refused = pulled(reference, {**variables, "LEAKSIEVE_REGISTRY_PASSWORD": "wrong"}, reach)
        assert "with the login from LEAKSIEVE_REGISTRY_PASSWORD" in told(refused)
        assert "without a login" in told(pulled(reference, {}, reach))
        untrusted = pulled(reference, variables, reach._replace(ca_file=None))
        assert "certificate that cannot be trusted" in told(untrusted)
        assert "name your own authority with --registry-ca" in told(untrusted)


def test_what_is_not_said_to_be_in_the_clear_is_not(registry):
    found = pulled(f"{registry.host}/team/app:v1", reach=QUICK._replace(plain_http=False))
    assert "does not speak TLS; if it is meant to be reached in the clear, add --plain-http" in told(found)


@pytest.fixture(scope="module")
def tokens(tmp_path_factory, authority):
    """A registry that wants tokens: (its host, who gives them)."""
    folder = tmp_path_factory.mktemp("tokens")
    given = Tokens(authority, public=("open/app",))
    with given.server, Registry(folder, auth=given.auth(authority)) as registry:
        for name in ("open/app", "closed/app"):
            push = given.token([{"type": "repository", "name": name, "actions": ["pull", "push"]}])
            registry.push(name, "v1", *made(), Authorization=f"Bearer {push}")
        yield registry, given


def test_tokens_for_anybody(tokens):
    assert set(pulled(f"{tokens[0].host}/open/app:v1").findings) == PLANTED


def test_tokens_for_a_password_and_for_an_identity(tokens, tmp_path):
    reference = f"{tokens[0].host}/closed/app:v1"
    assert "CODE" not in told(pulled(reference))
    assert not pulled(reference).findings
    assert set(pulled(reference, login_file(tmp_path / "a", tokens[0].host)).findings) == PLANTED
    assert set(pulled(reference, login_file(tmp_path / "b", tokens[0].host, identitytoken=Tokens.IDENTITY)).findings) == PLANTED


def test_a_token_that_was_given_before(tokens):
    bearer = tokens[1].token([{"type": "repository", "name": "closed/app", "actions": ["pull"]}])
    variables = {"LEAKSIEVE_REGISTRY_HOST": tokens[0].host, "LEAKSIEVE_REGISTRY_TOKEN": bearer}
    assert set(pulled(f"{tokens[0].host}/closed/app:v1", variables).findings) == PLANTED


def test_a_password_that_is_refused(tokens, tmp_path):
    login = login_file(tmp_path, tokens[0].host, username=USER, password="wrong")
    found = pulled(f"{tokens[0].host}/closed/app:v1", login)
    assert "refuses the login from" in told(found)


def test_a_token_that_ends_in_the_middle_is_got_anew(tokens, tmp_path):
    registry, given = tokens
    seen: list[str] = []

    def answer(handler):
        if "/blobs/" in handler.path and handler.headers.get("Authorization") not in seen[-1:]:
            # Every token is good for one blob.
            if handler.headers.get("Authorization") in seen or not seen:
                seen.append("")
                challenge = f'Bearer realm="{given.server.url}/token",service="{given.SERVICE}",scope="repository:closed/app:pull",error="invalid_token"'
                reply(handler, 401, b"{}", WWW_Authenticate=challenge)
                return
            seen.append(handler.headers["Authorization"])
        forward(handler, registry.host)

    before = len(given.given)
    with Server(answer) as between:
        found = pulled(f"{between.host}/closed/app:v1", login_file(tmp_path, between.host))
    assert set(found.findings) == PLANTED
    assert len(given.given) > before + 1


# Mirrors, the command line.


def test_a_mirror_is_asked_first_and_the_registry_where_it_fails(registry, tmp_path):
    from leaksieve.registry.settings import parse_mirror

    layout, image = made()
    registry.push("mirrored/team/app", "v1", layout, image)
    with Server(lambda handler: forward(handler, registry.host)) as mirror, Server(lambda handler: forward(handler, registry.host)) as home:
        reach = QUICK._replace(mirrors=(parse_mirror(f"{home.host}={mirror.url}/mirrored"),))
        assert set(pulled(f"{home.host}/team/app:v1", reach=reach).findings) == PLANTED
        assert home.requests == []
        assert mirror.paths("/v2/mirrored/team/app/")
        registry.push("team/only", "v1", layout, image)
        assert set(pulled(f"{home.host}/team/only:v1", login_file(tmp_path, home.host), reach).findings) == PLANTED
        assert home.paths("/v2/team/only/")
    dead = QUICK._replace(tries=1, mirrors=(parse_mirror(f"{registry.host}=http://127.0.0.1:9"),))
    assert set(pulled(f"{registry.host}/team/app:v1", reach=dead).findings) == PLANTED


def test_from_the_command_line(registry, tmp_path):
    done = leaksieve("image", "--plain-http", f"registry:{registry.host}/team/app:v1", "-f", "json", cwd=tmp_path)
    assert done.code == 1, done
    assert len(done.report["findings"]) == len(PLANTED)
    assert {place["source"]["image"] for each in done.report["findings"] for place in each["occurrences"]} == {f"{registry.host}/team/app:v1"}
    done = leaksieve("image", "--plain-http", f"{registry.host}/team/app:v1", cwd=tmp_path)
    assert done.code == 1, done
    assert f"nothing here is called {registry.host}/team/app:v1; it is taken for registry:{registry.host}/team/app:v1" in done.err
    done = leaksieve("image", "--plain-http", f"registry:{registry.host}/team/app:none", cwd=tmp_path)
    assert done.code == 3, done
    assert b"there is no such image" in done.out


def test_a_manifest_of_the_first_schema(registry):
    body = json.dumps({"schemaVersion": 1, "name": "x", "fsLayers": [], "history": []}).encode()

    def answer(handler):
        reply(handler, 200, body, Content_Type="application/vnd.docker.distribution.manifest.v1+prettyjws")

    with Server(answer) as old:
        assert "schema version 1" in told(pulled(f"{old.host}/x:v1"))


def test_nothing_is_expected_of_the_source_before_it_is_asked(registry):
    _, source = watched(f"{registry.host}/team/app:v1")
    assert source.coverage.expected["layers"] == 2
