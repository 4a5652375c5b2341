"""What every configuration key means and accepts: the one list behind validation, schema and documentation."""

from __future__ import annotations

from typing import NamedTuple

from leaksieve.model import CONFIDENCES, SEVERITIES

ENGINES = ("auto", "aho-corasick", "hyperscan")
COMPLETENESS = ("", "strict")


class Field(NamedTuple):
    """One key.

    ``kind`` is one of choice, integer, size, seconds, flag, text, date, lock, list, paths, names, allow, sections, verify, addresses.  ``least`` and
    ``most`` bound numbers (both included).  ``unset`` is the word that means "no value" (a limit that
    does not apply), or "".  ``local_only`` keys count only in a file the user named with ``--config``.
    """

    kind: str
    about: str
    choices: tuple[str, ...] = ()
    least: float = 0
    most: float = 0
    unset: str = ""
    local_only: bool = False


TEBIBYTE = 1 << 40
WEEK = 7 * 24 * 3600.0

FIELDS: dict[str, Field] = {
    "engine": Field("choice", "prefilter to use; both give the same findings", ENGINES),
    "jobs": Field("integer", "worker processes; `auto` is what the container's quota allows", least=1, most=1024, unset="auto"),
    "max_file_size": Field("size", "larger files are skipped, and counted as excluded", least=1, most=TEBIBYTE),
    "max_decode_depth": Field("integer", "how many encodings are peeled off one after another", least=0, most=16),
    "max_archive_depth": Field("integer", "how many archives inside archives are opened; 0 opens none, and in a history it is 1 at most", least=0, most=16),
    "rule_timeout": Field("seconds", "time one rule may spend on one chunk", least=0.01, most=WEEK),
    "timeout": Field("seconds", "time the whole scan may take; `none` is no limit", least=0.01, most=WEEK, unset="none"),
    "confidence": Field("choice", "findings are shown from this confidence on", CONFIDENCES),
    "severity": Field("choice", "findings are shown from this severity on", SEVERITIES),
    "fail_on": Field("choice", "findings fail the run from this severity on", SEVERITIES),
    "enable": Field("list", "rule ids or globs; when given, only these rules run"),
    "disable": Field("list", "rule ids or globs of rules that do not run"),
    "rules": Field("paths", "further rule files or folders, relative to the configuration file"),
    "rules_lock": Field("lock", "hash of the only ruleset to scan with, written by `leaksieve rules lock`; another one is an error"),
    "exclude": Field("list", "paths that are not scanned, in gitignore syntax"),
    "allow": Field("allow", "findings that are known and accepted (see below)"),
    "project": Field("text", "name that fingerprints are salted with in place of the repository's first commit"),
    "inline_allow": Field("flag", "comments in the scanned files may allow a finding on their line"),
    "require_reason": Field("flag", "comments that allow a finding count only with a reason behind ` -- `"),
    "gitignore": Field("flag", "files that git ignores are skipped, and counted as excluded"),
    "dedupe": Field("flag", "one finding for each secret with all its places, not one for each place"),
    "reveal": Field("flag", "show secrets in full", local_only=True),
    "require_complete": Field("choice", "`strict` counts excluded things as missing too", COMPLETENESS),
    "allow_incomplete": Field("flag", "exit 0 where something could not be read and nothing was found"),
    "exit_zero": Field("flag", "findings do not fail the run", local_only=True),
    "verify": Field("verify", "how live checks go about it, where they are asked for (see below)", local_only=True),
    "extends": Field("names", "a configuration file, or several, that this one adds to, relative to it (see below)"),
    "directory": Field("sections", "settings for single folders (see below)"),
}

VERIFY_FIELDS: dict[str, Field] = {
    "endpoints": Field("addresses", "addresses of self-hosted providers by name, one or a list of them; they are asked in place of the usual ones"),
    "allow_hosts": Field("list", "hosts, addresses and networks that may be reached although they are not public"),
    "ca_file": Field("text", "file with certificates of further authorities to trust"),
    "timeout": Field("seconds", "time one request may take", least=0.01, most=600),
    "total": Field("seconds", "time all requests of a run may take", least=0.01, most=WEEK),
    "requests": Field("integer", "how many requests one provider gets in a run", least=1, most=1000000),
    "rate": Field("integer", "how many requests a second a host gets at most; a verifier may say less", least=1, most=100),
    "concurrency": Field("integer", "how many requests at a time a host gets", least=1, most=64),
    "retries": Field("integer", "how often a request is sent again after 429, 5xx or a broken connection", least=0, most=10),
    "patience": Field("seconds", "how long a provider may ask to be waited for", least=0.01, most=3600),
    "cache_age": Field("seconds", "how old a kept verdict may be; `none` keeps none", least=0.01, most=WEEK, unset="none"),
}

ALLOW_FIELDS: dict[str, Field] = {
    "reason": Field("text", "why this is accepted; required"),
    "paths": Field("list", "path patterns in gitignore syntax"),
    "regexes": Field("list", "patterns searched in the secret"),
    "stop_words": Field("list", "words looked for in the secret, in any case"),
    "rules": Field("list", "rule ids or globs"),
    "fingerprints": Field("list", "fingerprints of findings"),
    "owner": Field("text", "who answers for it"),
    "expires": Field("date", "last day it holds (YYYY-MM-DD, in UTC); from the next day on its findings count again"),
}
# Of a section for one folder; patterns are relative to it.
SECTION_FIELDS: dict[str, Field] = {
    "path": Field("text", "the folder, relative to the configuration file's, or a gitignore pattern for several; required"),
    "exclude": Field("list", "paths in it that are not scanned"),
    "disable": Field("list", "rule ids or globs; findings of these rules in it are accepted"),
    "allow": Field("allow", "findings in it that are known and accepted"),
}
# Those that say something of an entry and choose no findings.
DESCRIBING = ("reason", "owner", "expires")
