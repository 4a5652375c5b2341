"""Test and example credentials."""

import pytest

from leaksieve.findings.triage import classify, is_test_path

TEST_PATHS = [
    b"tests/a.py", b"src/Test/a.java", b"pkg/testdata/x", b"spec/models/user.rb", b"web/__tests__/a.js", b"examples/a.tf", b"a/fixtures/db.json",
    b"pkg/a_test.go", b"test_login.py", b"a/login_test.py", b"conftest.py", b"web/a.spec.ts", b"web/a.test.tsx", b"src/LoginTest.java",
    b"src/LoginTests.cs", b"user_spec.rb", b".env.example", b".env.sample", b"config.example.yml", b"example.env", b"a.snap", b"load-test.js",
    b"smoke-test/a.java", b"src/dockerTest/a.yml", b"pkg/test_support/a.rb", b"git/t/lib.sh", b"my-examples/a.tf", b"intTestFixtures/a.json",
    b"src/.env.test", b".env.test.local", b".env.testing",
]  # fmt: skip
OTHER_PATHS = [
    b"src/a.py", b"latest/a.py", b"contest.py", b"attestation.go", b"openapi-spec.yaml",
    b"src/greatest.java", b".env", b".env.production", b".env.local", b"my.env.testify", b"testimonial.py", b"\xff\xfe",
    b"attests/a.py", b"contest-api/a.py", b"LatestNews/a.java", b"ts/a.ts",
]  # fmt: skip


@pytest.mark.parametrize("path", TEST_PATHS)
def test_paths_of_tests_and_samples(path):
    assert is_test_path(path)
    assert classify(("generic", "cwe-798"), "high", path, b"s3cret") == ("info", ("test",))


@pytest.mark.parametrize("path", OTHER_PATHS)
def test_other_paths(path):
    assert not is_test_path(path)
    assert classify(("generic",), "high", path, b"s3cret") == ("high", ())


@pytest.mark.parametrize("path", [b"guides/source/security.md", b"a/documentation/b/x.rst", b"Doc/index.HTML"])
def test_what_pages_of_documentation_show_is_an_example(path):
    assert is_test_path(path)
    assert classify(("generic",), "high", path, b"s3cret") == ("info", ("test",))


@pytest.mark.parametrize("path", [b"README.md", b"docs/deploy.sh", b"ops/runbook.md", b"docs/.env", b"docs.md", b"website/page.md"])
def test_other_pages_and_files_are_not(path):
    assert not is_test_path(path)


@pytest.mark.parametrize("tag", ["generic", "self-made", "by-name"])
def test_what_anybody_can_have_made_up_is_a_test_in_a_test(tag):
    assert classify((tag, "x"), "high", b"tests/a.py", b"s3cret") == ("info", ("test",))
    assert classify((tag, "x"), "high", b"src/a.py", b"s3cret") == ("high", ())


def test_a_providers_token_in_a_test_is_a_leak():
    assert classify((), "critical", b"tests/a.py", b"ghp_" + b"a1B2" * 9) == ("critical", ())


def test_a_test_mode_rule_keeps_its_severity():
    assert classify(("test",), "medium", b"tests/a.py", b"sk_" + b"test_" + b"a1B2" * 6) == ("medium", ())


@pytest.mark.parametrize(
    "value",
    [
        b"AKIA" + b"IOSFODNN7" + b"EXAMPLE",
        b"wJalrXUtnFEMI" + b"/K7MDENG/bPxRfiCY" + b"EXAMPLEKEY",
        b"Zx7LpR4w" + b"EXAMPLEKEY",
        b"Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUz" + b"FT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZ" + b"FPTOtr/KBHBeksoGMGw==",
    ],
)
def test_documented_values_are_examples_anywhere(value):
    assert classify(("aws",), "critical", b"src/prod.py", value) == ("info", ("test",))


def test_no_documented_value_stands_in_the_source_whole():
    import inspect

    from leaksieve.findings import triage

    source = inspect.getsource(triage).encode()
    assert all(value not in source for value in triage.DOCUMENTED)


def aws_key(account):
    """A key id that belongs to an account, as AWS packs it."""
    from base64 import b32encode

    return b"AKIA" + b32encode(((1 << 79) | (int(account) << 39) | 12345).to_bytes(10, "big"))


@pytest.mark.parametrize("value", [aws_key("595918472158"), b"https://user:pw@x.canarytokens.com/a"])
def test_canaries_are_marked_wherever_they_stand(value):
    assert classify(("aws",), "critical", b"src/prod.py", value) == ("critical", ("canary",))


@pytest.mark.parametrize("value", [aws_key("595918472159"), b"AKIA", b"https://user:pw@canarytokens.example/a"])
def test_others_are_not(value):
    assert classify(("aws",), "critical", b"src/prod.py", value) == ("critical", ())


SURE = b"q7" + b"Zk2v9XbR4tLm8WpYc3Nd"


@pytest.mark.parametrize("path", [b".env.example", b"app/.env.sample", b"example.env", b".env.production.example", b"prod.env.example", b"env.example"])
def test_a_real_value_in_settings_to_fill_in_is_told_from_a_placeholder(path):
    assert classify(("generic",), "high", path, SURE, "high") == ("medium", ())
    assert classify(("generic",), "low", path, SURE, "high") == ("low", ())
    # One that could be guessed, or that nobody is sure of, stands for a value.
    assert classify(("generic",), "high", path, b"s3cret", "high") == ("info", ("test",))
    assert classify(("generic",), "high", path, SURE, "medium") == ("info", ("test",))


@pytest.mark.parametrize("path", [b"tests/.env.example", b"config.example.yml", b"a.snap", b"examples/.env"])
def test_other_samples_and_tests_stay_what_they_are(path):
    assert classify(("generic",), "high", path, SURE, "high") == ("info", ("test",))
