"""What `[[verify]]` tables must hold: a careless one is refused, with the key's name."""

import json
import tomllib

import pytest
from verify_table import WHOLE, raw, table

from leaksieve.errors import RulesetError
from leaksieve.ruleset.jsonpath import look_up, parse
from leaksieve.ruleset.load import load
from leaksieve.ruleset.verify import read_verifiers
from leaksieve.ruleset.verify_check import check_verifiers
from leaksieve.ruleset.verify_load import compile_verifiers, load_verifiers

ACTIVE = {"verdict": "active", "status": 200, "json": {"id": {"type": "text"}}}
DEAD = {"verdict": "inactive", "status": 401}


def refused(**changes):
    with pytest.raises(RulesetError) as raised:
        read_verifiers({"verify": [raw(**changes)]}, "acme.toml")
    assert str(raised.value).startswith("acme.toml: verify ")
    return raised.value.what


def test_a_table_that_holds_says_where_it_goes_and_what_it_needs():
    read = table()
    assert (read["hosts"], read["needs"], read["control"], read["ports"], read["read"]) == (["api.acme.example"], [], "bearer", [[443, 443]], "2026-11-21")
    assert json.loads(json.dumps(read)) == read


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id": "Acme"}, "kebab-case"),
        ({"rules": []}, "`rules` is missing"),
        ({"documentation": "http://acme.example"}, "https link"),
        ({"read": "yesterday"}, "the day the page was read"),
        ({"good": None}, "`good`"),
        ({"methd": "GET"}, "did you mean `method`"),
        ({"method": "DELETE"}, "a check changes nothing"),
        ({"url": "http://api.acme.example/me"}, "https://host/path"),
        ({"url": "https://user@acme.example/me"}, "https://host/path"),
        ({"url": "https://acme.example:8443/me"}, "https://host/path"),
        ({"url": "https://{secret}.acme.example/me"}, "no part of a host"),
        ({"url": "https://{shop}/me"}, "last two names"),
        ({"url": "https://{shop}.example/me"}, "last two names"),
        ({"url": "https://api.{shop}.acme.example/me"}, "at its beginning"),
        ({"url": "https://a{shop}.acme.example/me"}, "at its beginning"),
        ({"url": "{secret}"}, "`hosts` is missing"),
        ({"url": "/v1/me", "endpoint": None}, "wants `endpoint`"),
        ({"url": "https://api.acme.example/{secret"}, "braces"),
        ({"revoke": "yes"}, "`revoke` must be a table"),
        ({"endpoint_path": "api"}, "a path such as"),
        ({"hosts": ["*"]}, "no host name"),
        ({"auth": "digest"}, "`auth` must be one of"),
        ({"auth": {"scheme": "header"}}, "wants a `name`"),
        ({"auth": {"scheme": "header", "name": "X Key"}}, "no name of a header"),
        ({"auth": {"scheme": "bearer", "name": "x"}}, "knows prefix"),
        ({"auth": "none"}, "does not hold {secret}"),
        ({"headers": {"Authorization": "Bearer {secret}"}}, "see `auth`"),
        ({"headers": {"Bad Name": "x"}}, "`headers`"),
        ({"form": {"a": "b"}}, 'wants `method = "POST"`'),
        ({"method": "POST", "form": {"a": "b"}, "json": {}}, "give one of"),
        ({"method": "POST", "body": "x={secret}"}, "stands in `form` or `json`"),
        ({"answers": [ACTIVE]}, "no answer means inactive"),
        ({"answers": [DEAD]}, "no answer means active"),
        ({"answers": [{"verdict": "active", "status": 200}, DEAD]}, "a status alone does not mean active"),
        ({"answers": [ACTIVE | {"status": 302}, DEAD]}, "a redirect or 401"),
        ({"answers": [ACTIVE, {"verdict": "inactive", "status": 403}]}, "only 401 means inactive"),
        ({"answers": [ACTIVE, {"verdict": "inactive", "status": 404}]}, "only 401 means inactive"),
        ({"answers": [ACTIVE, DEAD, {"verdict": "unknown", "status": 429}]}, "429 and 5xx"),
        ({"answers": [ACTIVE, DEAD, {"verdict": "dead", "status": 401}]}, "verdict"),
        ({"answers": [ACTIVE, DEAD | {"status": "401"}]}, "status"),
        ({"answers": [ACTIVE, DEAD | {"json": {"a..b": 1}}]}, "a dot too many"),
        ({"answers": [ACTIVE, DEAD | {"json": {"a": {"like": 1}}}]}, "must hold a value"),
        ({"answers": [ACTIVE, DEAD | {"json": {"a": {"matches": "(a+)+$"}}}]}, "answers[2].json"),
        ({"answers": [ACTIVE, DEAD | {"note": ""}]}, "`answers[2].note`"),
        ({"tells": {"password": "x"}}, "not password"),
        ({"tells": {"user": {"cookie": "x"}}}, "tells.user"),
        ({"more": [{"url": "https://elsewhere.example/x"}]}, "another host"),
        ({"more": [{"url": "https://api.acme.example/x", "method": "POST"}]}, "read with GET"),
        ({"control": "always"}, "`control`"),
        ({"auth": {"scheme": "basic", "user": "{user}", "password": "{secret}"}, "control": "bearer"}, "failed logins lock accounts"),
        ({"rate": 0}, "`rate`"),
        ({"ports": [8443]}, "for a table with `code`"),
        ({"code": "acme"}, "is not for a table with `code`"),
    ],
)
def test_what_is_careless_is_refused(changes, said):
    assert said in refused(**changes)


CODE = dict.fromkeys(("url", "auth", "answers", "tells"))


ENDS = {"documentation": "https://acme.example/end", "effect": "It ends.", "method": "DELETE", "url": "https://api.acme.example/v1/me", "done": {"status": 204}}


def test_a_credential_may_end_itself():
    read = table(revoke=ENDS)["revoke"]
    assert (read["method"], read["auth"]["scheme"], read["done"]["status"]) == ("DELETE", "bearer", [204])
    assert table(revoke=ENDS | {"auth": "none", "method": "POST", "json": {"token": "{secret}"}})["revoke"]["json"] == {"token": "{secret}"}
    assert "revoke" not in table()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"effect": ""}, "revoke: `effect`"),
        ({"documentation": "http://acme.example"}, "revoke: `documentation`"),
        ({"method": "GET"}, "POST or DELETE"),
        ({"url": "https://elsewhere.example/"}, "another host"),
        ({"url": "{secret}.elsewhere.example/"}, "https://host/path"),
        ({"url": "https://api.acme.example/{user}"}, "no part `user`"),
        ({"auth": "none"}, "does not hold {secret}"),
        ({"json": {}, "form": {}}, "give one of"),
        ({"done": 204}, "`done`"),
        ({"done": {"status": 500}}, "429 and 5xx"),
        ({"when": "now"}, "unknown key `revoke.when`"),
    ],
)
def test_how_it_ends_itself_is_held_to_the_same(changes, said):
    with pytest.raises(RulesetError) as raised:
        table(revoke=ENDS | changes)
    assert said in str(raised.value)


def test_a_table_whose_provider_tells_no_dead_one_says_so():
    untold = {"verdict": "unknown", "status": 401}
    assert "nor unknown with a `note`" in refused(answers=[ACTIVE, untold])
    assert table(answers=[ACTIVE, untold | {"note": "another region may know it"}])["answers"][1]["verdict"] == "unknown"


def test_a_body_is_sent_as_it_stands_braces_and_all():
    assert table(method="POST", body='{"query": "{ me { id } }"}')["body"] == '{"query": "{ me { id } }"}'


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "`calls` is missing"),
        ({"calls": ["login"], "endpoint": None}, "`hosts` is missing"),
        ({"calls": ["login"], "hosts": ["*.*"]}, "no host name"),
        ({"calls": ["login"], "hosts": ["{host}"], "ports": ["5432-1"]}, "`ports`"),
        ({"calls": ["login"], "hosts": ["{host}"], "ports": [0]}, "`ports`"),
    ],
)
def test_code_says_what_it_calls_and_what_it_may_reach(changes, said):
    assert said in refused(**CODE, code="acme", **changes)


def test_a_made_up_credential_is_sent_for_bearers_alone():
    """Never a user with a password, and by itself nothing that has parts, nor what code does."""
    login = {"scheme": "basic", "user": "{user}", "password": "{secret}"}
    assert table(auth=login)["control"] == "none"
    assert table(url="https://{shop}.acme.example/me")["control"] == "none"
    assert table(auth={"scheme": "basic"})["control"] == "bearer"
    read = table(**CODE, code="acme", calls=["login"], hosts=["{host}", "*.acme.example"], ports=[5432, "1024-2048"])
    assert (read["control"], read["ports"]) == ("none", [[5432, 5432], [1024, 2048]])


def test_hosts_follow_from_the_url():
    assert table(url="https://{shop}.{zone}.acme.example/me", control="bearer")["hosts"] == ["*.acme.example"]
    assert table(url="https://{shop}.acme.example/{user}")["needs"] == ["shop", "user"]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a", [{"b": [1, 2]}]),
        ("a.b", [[1, 2]]),
        ("a.b[0]", [1]),
        ("a.b[-1]", [2]),
        ("a.b[]", [1, 2]),
        ("a.c", []),
        ("a.b[7]", []),
        ("a.b.c", []),
        (r"x\.y", [3]),
    ],
)
def test_places_in_json(path, found):
    assert look_up({"a": {"b": [1, 2]}, "x.y": 3}, parse(path)) == found


@pytest.mark.parametrize("path", ["", ".", "a.", ".a", "a..b", "a[b]", "a[0", "a]"])
def test_what_is_no_place_in_json(path):
    with pytest.raises(ValueError, match=r"path|dot|nothing"):
        parse(path)


def test_the_built_in_tables_serve_rules_that_exist_and_are_told_once():
    tables, ids = load_verifiers(), set(load().ids)
    assert {rule for one in tables.all for rule in one["rules"]} <= ids
    assert tables.of("nothing", "github-classic-token")["id"] == "github-user"
    assert tables.of("nothing") is None


def test_a_users_own_table_wins_and_names_its_rules(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(WHOLE.replace('["acme-token"]', '["github-classic-token"]'))
    tables = load_verifiers([str(file)])
    assert tables.of("github-classic-token")["id"] == "acme"
    assert tables.own == frozenset()


def test_the_compiled_file_is_what_the_folder_says(tmp_path):
    (tmp_path / "acme.toml").write_text(WHOLE)
    header, line = compile_verifiers(str(tmp_path)).splitlines()
    assert json.loads(header)["tables"] == 1
    assert json.loads(line) == table()
    (tmp_path / "more.toml").write_text(WHOLE)
    with pytest.raises(RulesetError, match=r"verify acme: the id is used in .*acme\.toml already"):
        compile_verifiers(str(tmp_path))
    (tmp_path / "more.toml").write_text(WHOLE.replace('id = "acme"', 'id = "other"'))
    with pytest.raises(RulesetError, match="is served by `acme`"):
        compile_verifiers(str(tmp_path))


def test_rules_check_looks_at_tables_too(tmp_path):
    file = tmp_path / "acme.toml"
    file.write_text(WHOLE.replace("/v1/me", "/v1/{user}") + WHOLE.replace('"acme-token"', '"github-classic-token"'))
    said = "\n".join(check_verifiers([str(tmp_path)], []))
    assert "there is no rule `acme-token`" in said
    assert "the id is used in" in said
    file.write_text(WHOLE.replace("/v1/me", "/v1/{user}").replace('"acme-token"', '"github-classic-token"'))
    assert check_verifiers([str(file)], []) == [f"{file}: verify acme: rule `github-classic-token` has no part `user`"]
    file.write_text(WHOLE.replace('auth = "bearer"', 'auth = "digest"'))
    assert "`auth` must be one of" in check_verifiers([str(file)], [])[0]
    code = [line for line in WHOLE.splitlines() if not line.startswith(("url", "auth", "answers", "  {", "]", "tells"))]
    file.write_text("\n".join([*code, 'code = "nothing"', 'calls = ["login"]', 'hosts = ["{host}"]']).replace('"acme-token"', '"github-classic-token"'))
    tomllib.loads(file.read_text())
    assert check_verifiers([str(file)], [], {"acme"}) == [f"{file}: verify acme: there is no code named `nothing`"]
