"""Hard rules for generic values, and what the scorer makes of the rest."""

import re

import pytest
from rulebook import engine

from leaksieve.engine.filters import MAYBE
from leaksieve.ruleset.generic import implausible, placed

ASSIGN = re.compile(
    rb"(?i)(?P<name>(?:pass(?:word|wd)?|pwd|secret|token|key|api|auth|cred)[\w.-]*[\"'\]]{0,3}[ \t]*(?::=|=>|[=:,(>])[ \t]*@?[\"'`]?)(?P<secret>(?<=[\"'`])[^\"'`]+|[^\s\"'`]+)"
)
RANDOM = b"k9Xv2QpLm7RtZw4N"


def verdict(line, rule="generic-secret"):
    match = ASSIGN.search(line)
    return implausible({"id": rule}, match["secret"], match)


HARD = [
    ("expression", b"token(%s)" % RANDOM, "generic-token"),
    ("expression", b"add('--password', '--passwd2')", "generic-password"),
    ("not-a-value", b"password = settings.database.pw", "generic-password"),
    ("not-a-value", b"secret: 2024-01-02", "generic-secret"),
    ("not-a-value", b"token = 'certs/private/api-token.pem'", "generic-token"),
    ("not-a-value", b"secret: 1.2.3.Final", "generic-secret"),
    ("not-a-value", b'"passport-oauth2": "^1.8.0"', "generic-credential"),
    ("length", b"password = 'abc'", "generic-password"),
    ("length", b"secret = 'ab12c'", "generic-secret"),
    ("prose", b"password: 'Please enter your password again now'", "generic-password"),
    ("prose", b"token: 'a token for you'", "generic-token"),
    ("prose", "password: 'Jelszó újra'".encode(), "generic-password"),
    ("prose", "password: '显示密码'".encode(), "generic-password"),
    ("reference", b"password: ${DB_PASSWORD}", "generic-password"),
    ("reference", b"password = os.environ['X']", "generic-password"),
    ("reference", b"password: '{{ vault_password }}'", "generic-password"),
    ("reference", b"secret: 'https://example.org/x9'", "generic-secret"),
    ("known-safe-shape", b"secret: 'sha256:" + b"0a1b" * 16 + b"'", "generic-secret"),
    ("known-safe-shape", b"api: 'd3b07384-d9a0-4c9b-8f3e-2a1b0c9d8e7f'", "generic-api-key"),
    ("name", b"password_hash = '%s'" % RANDOM, "generic-password"),
    ("name", b"tokenType: '%s'" % RANDOM, "generic-token"),
    ("name", b"LABEL_PASSWORD: 'kq7xv2'", "generic-password"),
    ("name", b"publicKeyToken='31bf3856ad364e35'", "generic-api-key"),
    ("name", b"# public key: %s" % RANDOM, "generic-api-key"),
    ("name", b"keyboard: '%s'" % RANDOM, "generic-api-key"),
    ("name", b"monkey: '%s'" % RANDOM, "generic-api-key"),
    ("name", b"author = '%s'" % RANDOM, "generic-credential"),
    ("name", b"csrf_token: '%s'" % RANDOM, "generic-token"),
    ("name", b"next_token: '%s'" % RANDOM, "generic-token"),
    ("type-name", b"AWS::IAM::AccessKey: '%s'" % RANDOM, "generic-api-key"),
    ("type-name", b"arn:aws:secretsmanager:*:*:secret:abc1234", "generic-secret"),
    ("type-name", b"arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:db-k7kc7S", "generic-secret"),
    ("placeholder", b"password: 'xxxxyyyy'", "generic-password"),
    ("placeholder", b"see [REDACTED:github-classic-token:5d41402a]", "generic-token"),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "line", "rule"), HARD, ids=[f"{number}-{reason}" for number, (reason, _, _) in enumerate(HARD)])
def test_a_hard_rule_drops(reason, line, rule):
    assert verdict(line, rule) == reason


OPEN = [
    b"password = '%s'" % RANDOM, b"DB_PASSWORD=%s" % RANDOM, b"secret: '%s'" % RANDOM, b'"apiKey": "%s"' % RANDOM, b"SECRET_KEY_BASE: %s" % RANDOM, b"auth_token => '%s'" % RANDOM,
    b"[REDACTED:x:1] secret: '%s'" % RANDOM, b"token: 'd3b07384-d9a0-4c9b-8f3e-2a1b0c9d8e7f'", b"password: '431231458'", b"CreateKey('%s')" % RANDOM, b"password: 'qx/7Lm=kk'",
]  # fmt: skip


@pytest.mark.parametrize("line", OPEN)
def test_a_random_value_is_left_to_the_scorer(line):
    said = verdict(line, "generic-password" if b"assword" in line else "generic-secret")
    assert said in MAYBE
    assert said


def test_the_path_has_the_last_word():
    said = verdict(b"DB_PASSWORD=" + RANDOM, "generic-password")
    assert placed(said, b".env") == ("", "high")
    assert placed(said, b"src/a.py") == ("identifier", "")
    assert placed(said, b"package-lock.json") == ("path", "")


def test_a_value_in_a_connection_string_is_no_code():
    said = verdict(b'conn = "user=app password=%s host=db"' % RANDOM, "generic-password")
    assert placed(said, b"src/a.go")[0] == ""


def test_words_in_a_translation_are_no_passwords():
    said = verdict(b"'password' => 'qwxlozinkt',", "generic-password")
    assert said in MAYBE
    assert placed(said, b"lang/hr/auth.php") == ("prose", "")


@pytest.mark.parametrize(
    ("line", "path", "confidence"),
    [
        (b'password = "%s"' % RANDOM, b"app/settings.py", {"high", "medium"}),
        (b"POSTGRES_PASSWORD: %s" % RANDOM, b"docker-compose.yml", {"high"}),
        (b'"client_secret": "%s%s"' % (RANDOM, RANDOM), b"config.json", {"high"}),
    ],
)
def test_the_score_sets_the_confidence_of_a_match(line, path, confidence):
    found = [match for match in engine().scan(line + b"\n", path).matches if not match.rejected]
    assert len(found) == 1
    assert found[0].confidence in confidence


@pytest.mark.parametrize(
    "line", [b'password = "password"', b'password: "changeme"', b'token = "my_token"', b"password: string", b'"password": "admin"', b'secret = "some_secret"']
)
def test_stand_ins_are_not_reported(line):
    assert [match for match in engine().scan(line + b"\n", b"app/settings.yml").matches if not match.rejected] == []


@pytest.mark.parametrize("value", [b"super_secret_8351", b"vault-admin-x7Kq2mZp", b"Winter2024!", b"team-backup-9f31c"])
def test_words_with_something_random_behind_them_are_a_password(value):
    assert [match.secret.reveal() for match in engine().scan(b"PASSWORD = '%s'\n" % value, b"app/settings.py").matches if not match.rejected] == [value]


@pytest.mark.parametrize("value", [b"super_secret_value", b"some_secret_1234", b"Password2024!", b"password_confirmation_token"])
def test_words_alone_are_not(value):
    assert [match for match in engine().scan(b"PASSWORD = '%s'\n" % value, b"app/settings.py").matches if not match.rejected] == []


def test_what_was_remembered_of_a_line_is_judged_at_each_path():
    shared = engine()
    line = b"DB_PASSWORD=%s\n" % RANDOM
    for _ in range(2):
        assert [match.confidence for match in shared.scan(line, b".env").matches if not match.rejected] == ["high"]
        assert [match for match in shared.scan(line, b"src/a.py").matches if not match.rejected] == []
