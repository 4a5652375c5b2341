"""Test and example credentials: reported as what they are, without failing a gate."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from leaksieve.engine.canary import is_canary
from leaksieve.findings.strength import weak
from leaksieve.model import SEVERITIES

TEST = "test"
CANARY = "canary"
# Rules whose values anybody makes up or makes for a test: passwords and keys of one's own, private keys, and
# values that are known only by the name they are given.  The others know their tokens by a form that providers alone give out.
MADE_FOR_TESTS = frozenset(("generic", "self-made", "by-name"))

# Directories that hold tests, fixtures and samples, lower case.
TEST_DIRECTORIES = frozenset(
    (
        "test", "tests", "testing", "testdata", "test-data", "test_data", "testfixtures", "test-fixtures", "test_fixtures",
        "test-resources", "test_resources", "testresources", "unittest", "unittests", "unit-tests", "unit_tests",
        "integration-test", "integration-tests", "integration_tests", "integrationtest", "integrationtests", "e2e", "e2e-tests",
        "spec", "specs", "fixture", "fixtures", "mock", "mocks", "stubs", "example", "examples", "sample", "samples",
        "__tests__", "__test__", "__mocks__", "__fixtures__", "__snapshots__", "__examples__",
        "t",  # as in Perl and git
    )
)  # fmt: skip
# Words that say so in a longer directory's name: smoke-test, dockerTest, test_support.
_TEST_WORD = re.compile(
    rb"(?:^|[-_.])(?i:tests?|testing|testdata|fixtures?|mocks?|examples?|samples?)(?:$|[-_.])|[a-z0-9](?:Tests?|Fixtures?|Mocks?|Examples?|Samples?)$"
)

# File names that say the same, case-sensitive where a language's convention is.
TEST_FILES = (
    r"test_[^/]*\.py", r"[^/]*_tests?\.(?:py|go|rb|exs?|dart|cc|cpp|c|rs|php|clj|lua)", r"conftest\.py", r"[^/]*_spec\.(?:rb|lua|js|ts)",
    r"[^/]*(?:\.(?:tests?|spec|e2e|mock|fixture)|-tests?)\.[A-Za-z]{1,5}", r"[^/]*(?:Test|Tests|TestCase|IT|Spec)\.(?:java|kt|kts|scala|groovy|cs|swift|php|m)",
    r"[^/]*\.snap", r"\.env\.(?:tests?|testing|e2e|ci)(?:\.[a-z]{1,10})?", r"[^/]*[._-](?:example|sample)s?(?:\.[A-Za-z]{1,5})?", r"(?:example|sample)s?\.[A-Za-z]{1,5}(?:\.[A-Za-z]{1,5})?",
)  # fmt: skip
# Directories of documentation, and the files in them that are read as such: what they show is an example.
# A README, a page elsewhere, and what else lies there are not taken for it: people paste real keys there.
DOCUMENTATION = frozenset(("doc", "docs", "documentation", "guide", "guides", "tutorial", "tutorials", "cookbook"))
_PAGE = re.compile(rb"[^/]*\.(?i:md|mdx|markdown|rst|adoc|asciidoc|textile|rdoc|tex|texi|html?)")
_TEST_FILE = re.compile("|".join(TEST_FILES).encode())

# Values that vendors print in their documentation or build into emulators.  In pieces, so that this file does not look like a leak.
DOCUMENTED = frozenset(
    b"".join(pieces)
    for pieces in (
        # AWS documentation: access key and secret key of its examples (the former also with other prefixes, see _ENDINGS).
        (b"AKIA", b"IOSFODNN7", b"EXAMPLE"),
        (b"wJalrXUtnFEMI", b"/K7MDENG/", b"bPxRfiCY", b"EXAMPLEKEY"),
        # Azurite and the storage emulator, and the Cosmos DB emulator: the same key on every machine.
        (b"Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUz", b"FT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZ", b"FPTOtr/KBHBeksoGMGw=="),
        (b"C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+", b"4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZ", b"nqyMsEcaGQy67XIw/Jw=="),
        # Stripe's documentation, test mode.
        (b"sk_", b"test_", b"4eC39HqLyjWD", b"arjtT1zdp7dc"),
        (b"sk_", b"test_", b"BQokikJOvBiI", b"2HlWgH4olfQ2"),
        (b"pk_", b"test_", b"TYooMQauvdED", b"q54NiTphI7jx"),
        # The OAuth and HTTP standards (RFC 6749, 6750, 7009, 7617): tokens, codes, secrets, user and password.
        (b"2YotnFZFEjr1", b"zCsicMWpAA"),
        (b"tGzv3JOkF0XG", b"5Qx2TlKWIA"),
        (b"mF_9.B5f", b"-4.1JqM"),
        (b"czZCaGRSa3F0Mzpn", b"WDFmQmF0M2JW"),
        (b"czZCaGRSa3F0Mzo3Rmpm", b"cDBaQnIxS3REUmJuZlZkbUl3"),
        (b"7Fjfp0ZBr1Kt", b"DRbnfVdmIw"),
        (b"gX1fBat", b"3bV"),
        (b"SplxlOBeZQQY", b"bYS6WxSbIA"),
        (b"QWxhZGRpbjpv", b"cGVuIHNlc2FtZQ=="),
        (b"QWxhZGRpbjpP", b"cGVuU2VzYW1l"),
        # One-time passwords: RFC 4226 and 6238, and the example of Google's authenticator.
        (b"GEZDGNBVGY3TQOJQ", b"GEZDGNBVGY3TQOJQ"),
        (b"JBSWY3DP", b"EHPK3PXP"),
        (b"JBSWY3DP", b"EHPK3PXP", b"JBSWY3DP", b"EHPK3PXP"),
        # AES test vectors (FIPS 197, SP 800-38A).
        (b"2b7e151628aed2a6", b"abf7158809cf4f3c"),
        (b"603deb1015ca71be2b73aef0857d7781", b"1f352c073b6108d72d9810a30914dff4"),
        (b"8e73b0f7da0e6452c810f32b809079e5", b"62f8ead2522c6b7b"),
        # The first account of Hardhat's and of Ganache's test networks, the same on every machine.
        (b"ac0974bec39a17e36ba4a6b4d238ff94", b"4bacb478cbed5efcae784d7bf4f2ff80"),
        (b"0xac0974bec39a17e36ba4a6b4d238ff94", b"4bacb478cbed5efcae784d7bf4f2ff80"),
        (b"4f3edf983ac636a65a842ce7c78d9aa7", b"06d3b113bce9c46f30d7d21715b23b1d"),
        (b"0x4f3edf983ac636a65a842ce7c78d9aa7", b"06d3b113bce9c46f30d7d21715b23b1d"),
    )
)
# The signatures of the tokens that jwt.io and RFC 7515 show.
_SIGNATURES = (b".SflKxwRJSMeKKF2QT4fw" + b"pMeJf36POk6yJV_adQssw5c", b".dBjftJeZ4CVP-mB92K27" + b"uhbUJU1p1r_wW1gFWFOEjXk")
_ENDINGS = (b"EXAMPLE", b"EXAMPLEKEY", *_SIGNATURES)


# A file of settings to copy and fill in.  A value there that nobody could guess is one somebody forgot to take out.
_SETTINGS_SAMPLE = re.compile(rb"(?:[^/]*\.env|env)(?:[._-][A-Za-z0-9_-]+)*[._-](?:example|sample)s?|(?:example|sample)s?\.env")


def classify(rule_tags: Collection[str], severity: str, path: bytes, value: bytes, confidence: str = "") -> tuple[str, tuple[str, ...]]:
    """Return the severity of one occurrence and the tags to add to its rule's.

    A documented example value is ``test`` and info under any rule and in any place.  In a test or
    example path, or on a page of documentation, so is what anybody can have made up; a provider's structured token
    keeps its severity there, since a real token in a test is a leak.  So does, as medium, a value of high ``confidence`` that
    is hard to guess in a ``.env.example`` and the like, where others put ``changeme``.  Rules tagged ``test`` keep their own severity.
    A canary is tagged so and keeps its severity: whoever tries it is noticed.
    """
    if is_canary(value):
        return severity, (CANARY,)
    if value in DOCUMENTED or value.endswith(_ENDINGS):
        return "info", (TEST,)
    if not MADE_FOR_TESTS.isdisjoint(rule_tags) and is_test_path(path):
        if confidence == "high" and _is_settings_sample(path) and not weak(value):
            return min(severity, "medium", key=SEVERITIES.index), ()
        return "info", (TEST,)
    return severity, ()


def _is_settings_sample(path: bytes) -> bool:
    """Whether a path is that of settings to fill in, outside of tests."""
    folder, slash, name = path.rpartition(b"/")
    return _SETTINGS_SAMPLE.fullmatch(name) is not None and not is_test_path(folder + slash + b"settings")


@lru_cache(maxsize=1024)
def is_test_path(path: bytes) -> bool:
    """Whether a path (``/``-separated, relative to its target) is plainly that of a test, fixture, example, sample or page of documentation."""
    *directories, name = path.split(b"/")
    if any(directory.decode("ascii", "replace").lower() in TEST_DIRECTORIES or _TEST_WORD.search(directory) for directory in directories):
        return True
    if _PAGE.fullmatch(name) and any(directory.decode("ascii", "replace").lower() in DOCUMENTATION for directory in directories):
        return True
    return _TEST_FILE.fullmatch(name) is not None
