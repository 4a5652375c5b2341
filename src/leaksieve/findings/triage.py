"""Test and example credentials: reported as what they are, without failing a gate."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

TEST = "test"
GENERIC = "generic"

# Directories that hold tests, fixtures and samples, lower case.  Documentation is not among them: people paste real keys there.
TEST_DIRECTORIES = frozenset(
    (
        "test", "tests", "testing", "testdata", "test-data", "test_data", "testfixtures", "test-fixtures", "test_fixtures",
        "test-resources", "test_resources", "testresources", "unittest", "unittests", "unit-tests", "unit_tests",
        "integration-test", "integration-tests", "integration_tests", "integrationtest", "integrationtests", "e2e", "e2e-tests",
        "spec", "specs", "fixture", "fixtures", "mock", "mocks", "stubs", "example", "examples", "sample", "samples",
        "__tests__", "__test__", "__mocks__", "__fixtures__", "__snapshots__", "__examples__",
    )
)  # fmt: skip

# File names that say the same, case-sensitive where a language's convention is.
TEST_FILES = (
    r"test_[^/]*\.py", r"[^/]*_tests?\.(?:py|go|rb|exs?|dart|cc|cpp|c|rs|php|clj|lua)", r"conftest\.py", r"[^/]*_spec\.(?:rb|lua|js|ts)",
    r"[^/]*(?:\.(?:tests?|spec|e2e|mock|fixture)|-tests?)\.[A-Za-z]{1,5}", r"[^/]*(?:Test|Tests|TestCase|IT|Spec)\.(?:java|kt|kts|scala|groovy|cs|swift|php|m)",
    r"[^/]*\.snap", r"[^/]*[._-](?:example|sample)s?(?:\.[A-Za-z]{1,5})?", r"(?:example|sample)s?\.[A-Za-z]{1,5}(?:\.[A-Za-z]{1,5})?",
)  # fmt: skip
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
    )
)
_ENDINGS = (b"EXAMPLE", b"EXAMPLEKEY")


def classify(rule_tags: Collection[str], severity: str, path: bytes, value: bytes) -> tuple[str, tuple[str, ...]]:
    """Return the severity of one occurrence and the tags to add to its rule's.

    A documented example value is ``test`` and info under any rule and in any place.  In a test or
    example path so is what a generic rule found; a provider's structured token keeps its severity
    there, since a real token in a test is a leak.  Rules tagged ``test`` keep their own severity.
    """
    if value in DOCUMENTED or value.endswith(_ENDINGS):
        return "info", (TEST,)
    if GENERIC in rule_tags and is_test_path(path):
        return "info", (TEST,)
    return severity, ()


@lru_cache(maxsize=1024)
def is_test_path(path: bytes) -> bool:
    """Whether a path (``/``-separated, relative to its target) is plainly that of a test, fixture, example or sample."""
    *directories, name = path.split(b"/")
    if any(directory.decode("ascii", "replace").lower() in TEST_DIRECTORIES for directory in directories):
        return True
    return _TEST_FILE.fullmatch(name) is not None
