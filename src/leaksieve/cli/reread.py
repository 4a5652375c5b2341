"""Live checks of a report's findings: their values are read again from where it says they stand."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from leaksieve.cli.exits import exit_code, fails, only_verified
from leaksieve.cli.outputs import pair, ready, write
from leaksieve.cli.places import repository_or_none, root_of
from leaksieve.cli.request import Options
from leaksieve.cli.settings import settle
from leaksieve.cli.talk import Talk, wants_color, width
from leaksieve.cli.verifying import verification
from leaksieve.errors import UsageError
from leaksieve.model import Finding, full_path

if TYPE_CHECKING:
    from leaksieve.config import Config
    from leaksieve.config.discover import Found
    from leaksieve.coverage import Coverage
    from leaksieve.findings.fingerprint import Fingerprinter
    from leaksieve.gitobjects.repository import Repository
    from leaksieve.pipeline import Outcome
    from leaksieve.reports.base import RuleInfo
    from leaksieve.reports.read import Report
    from leaksieve.sources.base import Source
    from leaksieve.sources.named_objects import Named
    from leaksieve.verifiers.plan import Candidate


class Asked(NamedTuple):
    """What of a report can be read again: files below the root, objects of the repository, values it shows in full."""

    files: list[bytes]
    objects: list[Named]


class Ground(NamedTuple):
    """Where a report's findings are read again: the settled configuration, the repository (None: there is none), its root, and the project's key."""

    found: Found
    repository: Repository | None
    root: str
    key: Fingerprinter


def ground(options: Options, report: Report, target: str) -> Ground:
    """What it takes to read a report's values again at ``target``.  Raises UsageError where its fingerprints are of another project."""
    from leaksieve.outcome import fingerprint_key

    repository = repository_or_none(target, options.allow_root)
    root = root_of(target, repository)
    found = settle(options, [root], foreign=repository is not None and repository.is_foreign_owned)
    env_key = os.environ.get("LEAKSIEVE_KEY")
    key = fingerprint_key(found.config, repository, os.fsencode(env_key) if env_key else None)
    if report.findings and report.coverage.key is not None and report.coverage.key[1] != key.key_id:
        raise UsageError(
            "the report's fingerprints were made with another key",
            where=target,
            hint="name the project it was made of as TARGET, and set LEAKSIEVE_KEY if that was used",
        )
    return Ground(found, repository, root, key)


def verify_report(options: Options, report: Report, target: str, *, private: bool) -> int:
    """Ask about a report's findings and write it again with their verdicts; ``target`` is where they stand.

    ``private`` says that the report was for its owner alone.  Raises UsageError where the report's fingerprints are of another project.
    """
    from leaksieve.pipeline import Outcome
    from leaksieve.reports.base import View
    from leaksieve.reports.read import rules_of

    here = ground(options, report, target)
    found = here.found
    places = pair(options.formats, options.outputs)
    reporters = ready(places) if not options.verify_plan else []
    verify = verification(options, found, root=here.root)
    held = values(report, here)
    rules = _severities(rules_of(report.findings), found.config)
    # What an earlier check said is said anew.
    report.coverage.notes = [note for note in report.coverage.notes if not note.startswith("live checks: ")]
    findings = verify(report.findings, rules, held, report.coverage)
    config = found.config
    if verify.plan_only:
        return verify.show(options.formats, report.coverage, config)
    outcome = Outcome(findings, rules, report.coverage)
    if options.only_verified:
        outcome = only_verified(outcome)
    failing = sum(fails(finding, config) for finding in outcome.findings if finding.verdict == "active" or not options.fail_on_verified)
    talk = Talk.current()
    for note in report.coverage.notes[-1:]:
        talk.note(note)
    view = View(width(sys.stdout), wants_color(sys.stdout), options.verbosity, config.fail_on)
    write(places, reporters, outcome, view, private=private)
    return exit_code(failing, report.coverage, config)


def _severities(rules: dict[str, RuleInfo], config: Config) -> dict[str, RuleInfo]:
    """The rules with the severities of the ruleset: an earlier check may have changed those of the report's findings."""
    from leaksieve.ruleset.alias import find
    from leaksieve.work import ruleset_for

    ruleset = ruleset_for(config)
    known = {}
    for rule_id, info in rules.items():
        try:
            known[rule_id] = info._replace(severity=find(ruleset, rule_id)["severity"])
        except UsageError:
            known[rule_id] = info
    return known


def values(report: Report, here: Ground) -> Callable[[Collection[str]], list[Candidate]]:
    """The report's credentials: those it shows in full, and those that are found again where it says."""
    config, key = here.found.config, here.key

    def candidates(own: Collection[str]) -> list[Candidate]:
        from leaksieve.verifiers.base import Subject
        from leaksieve.verifiers.plan import Candidate

        shown = _shown(report, config, key, own)
        missing = [finding for finding in report.findings if finding.fingerprint not in shown]
        found = shown | {one.key: one for one in _found_again(missing, config, here.repository, here.root, key, own)}
        out = []
        for finding in report.findings:
            withheld = "allowed" if finding.allowed and not finding.baselined else ""
            known = found.get(finding.fingerprint)
            if known is None:
                from leaksieve.secret import Secret

                known = Candidate(finding.fingerprint, Subject(finding.rule_id, Secret(b"")), (), trusted=False, withheld="value-gone")
            out.append(known._replace(withheld=withheld or known.withheld))
        return out

    return candidates


def _shown(report: Report, config: Config, key: Fingerprinter, own: Collection[str]) -> dict[str, Candidate]:
    """Credentials of a report that was made with --reveal: those whose text has the finding's fingerprint."""
    from leaksieve.ruleset.alias import find
    from leaksieve.secret import Secret
    from leaksieve.verifiers.base import Subject
    from leaksieve.verifiers.plan import Candidate
    from leaksieve.work import ruleset_for

    ruleset = ruleset_for(config)
    found = {}
    for finding in report.findings:
        try:
            rule = find(ruleset, finding.rule_id)
        except UsageError:
            continue
        try:
            value = finding.secret.encode()
            parts = {name: Secret(text.encode()) for name, text in finding.parts}
        except UnicodeEncodeError:
            continue  # no text that a file could hold
        if key.of(rule.get("fingerprint_family", rule["family"]), value, full_path(finding.occurrences[0])) != finding.fingerprint:
            continue
        trusted = bool(rule.get("builtin")) or rule["id"] in own
        subject = Subject(rule["id"], Secret(value), parts, finding.details)
        found[finding.fingerprint] = Candidate(finding.fingerprint, subject, (rule["id"], *rule.get("aliases", ())), trusted, rule["public_prefix"].encode())
    return found


def _found_again(
    findings: Sequence[Finding], config: Config, repository: Repository | None, root: str, key: Fingerprinter, own: Collection[str]
) -> list[Candidate]:
    """Scan what the findings' places name, and keep what has one of their fingerprints."""
    from leaksieve.pipeline import Plan, run

    asked = _asked(findings, repository, root)
    sources: list[Source] = []
    if asked.files:
        from leaksieve.sources.named import NamedFilesSource

        sources.append(NamedFilesSource(os.path.abspath(os.fsencode(root)), asked.files, max_file_size=config.max_file_size))
    if asked.objects and repository is not None:
        from leaksieve.sources.named_objects import NamedObjectsSource

        sources.append(NamedObjectsSource(repository, asked.objects, max_file_size=config.max_file_size))
    wanted = {finding.fingerprint for finding in findings}
    kept: list[Candidate] = []

    def collect(
        found: list[Finding], _rules: Mapping[str, RuleInfo], candidates: Callable[[Collection[str]], list[Candidate]], _coverage: Coverage
    ) -> list[Finding]:
        kept.extend(one for one in candidates(own) if one.key in wanted)
        return found

    if sources:
        # Whatever the report shows counts, and it says itself what is allowed.
        wide = config._replace(confidence="low", severity="info", allow=(), inline_allow=False, exclude=(), reveal=False)
        outcome: Outcome = run(Plan(sources=sources, config=wide, fingerprinter=key, line_hashes=False, verify=collect))
        if outcome.coverage.interrupted:
            raise KeyboardInterrupt
    return kept


def _asked(findings: Sequence[Finding], repository: Repository | None, root: str) -> Asked:
    from leaksieve.config.read import is_inside

    top = os.path.realpath(root)
    files: dict[bytes, None] = {}
    objects: dict[Any, None] = {}
    for finding in findings:
        for place in finding.occurrences:
            kind = place.source.get("kind")
            if kind in ("file", "index") and _is_below(place.path) and is_inside(os.path.realpath(os.path.join(top, os.fsdecode(place.path))), top):
                files[place.path] = None
            if kind in ("git", "index") and repository is not None:
                oid, object_type = _oid(place.source.get("object")), str(place.source.get("object_type") or "blob")
                if oid is not None and object_type in ("blob", "commit", "tag", "tree"):
                    objects[oid, object_type, place.path] = None
    return Asked(list(files), list(objects))


def _is_below(path: bytes) -> bool:
    """Whether a path may lead below the root; where links on the way lead is not looked at."""
    return bool(path) and b"\0" not in path and not path.startswith(b"/") and b".." not in path.split(b"/")


def _oid(text: object) -> bytes | None:
    try:
        oid = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        return None
    return oid if len(oid) in (20, 32) else None
