"""From places to what is reported: keys, allow entries, folding, and what stays hidden."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from fnmatch import fnmatchcase
from time import gmtime, strftime, time
from typing import TYPE_CHECKING, Any, NamedTuple

from leaksieve.config import AllowEntry, Config
from leaksieve.coverage import Coverage
from leaksieve.engine.checks import Proof, examine
from leaksieve.findings.dedupe import RuleFacts, fold
from leaksieve.findings.fingerprint import Fingerprinter, key_for
from leaksieve.model import CONFIDENCES, SEVERITIES, Finding, Located, full_path
from leaksieve.reports.base import RuleInfo
from leaksieve.ruleset.load import Ruleset

if TYPE_CHECKING:
    from leaksieve.findings.baseline import Baseline
    from leaksieve.findings.known import Trail
    from leaksieve.verifiers.plan import Candidate


# Namespaces of references that belong to the host.
KEPT_BY_HOSTS = ("pull/", "merge-requests/", "keep-around/", "pull-requests/", "changes/")
# Time one pattern of an allow entry may take for one secret.
_PATTERN_SECONDS = 1.0


class Before(NamedTuple):
    """What was known before the scan: the baselines, and where files of that time are told from (asked only where needed).

    ``whole`` says whether the scan looked at everything, so that an entry that was not found is one too many.
    """

    baselines: Sequence[Baseline]
    trail: Callable[[], Trail | None]
    whole: bool


def findings_of(
    located: list[Located], ruleset: Ruleset, config: Config, fingerprinter: Fingerprinter, coverage: Coverage, before: Before | None = None
) -> tuple[list[Finding], dict[str, RuleInfo]]:
    """Fold places into findings in report order, with the rules they fired; notes on the receipt say what is not shown and what hid it."""
    rules, located = _book(ruleset), _by_commit(located, ruleset)
    if config.require_reason:
        located = _with_reasons(located, coverage)
    coverage.inline_allowed = sum(1 for place in located if place.allowed)
    if config.allow:
        located = _allowed(located, config.allow, rules, fingerprinter, coverage)
    findings = [_with_history(finding) for finding in _folded(located, rules, config, fingerprinter)]
    if not config.reveal:
        named = _named_secrets(located, rules)
        if named:
            findings = [_without_names(finding, named) for finding in findings]
    if before is not None:
        findings = _marked(findings, located, before, rules, fingerprinter, coverage)
    shown = [finding for finding in findings if _shown(finding, config)]
    hidden = len(findings) - len(shown)
    if hidden:
        noun = "finding" if hidden == 1 else "findings"
        coverage.notes.append(f"{hidden} {noun} below --confidence {config.confidence} or --severity {config.severity} not shown")
    return shown, {finding.rule_id: rule_info(ruleset.by_id(finding.rule_id)) for finding in shown}


def _with_history(finding: Finding) -> Finding:
    """The finding with what a rewrite of the history would leave behind, where it is in one."""
    past = [one.source.get("refs") for one in finding.occurrences if one.source.get("kind") == "git"]
    if not past:
        return finding
    refs = {str(ref) for named in past if isinstance(named, list) for ref in named if str(ref).removeprefix("refs/").startswith(KEPT_BY_HOSTS)}
    kept = f"It is in {', '.join(sorted(refs)[:3])}: the host keeps such references after a rewrite, and no push removes them. " if refs else ""
    advice = (
        "Rewriting the history does not undo the leak, so revoke first. Hosts keep references of their own after a rewrite "
        "(GitHub refs/pull/*, GitLab refs/merge-requests/* and refs/keep-around/*, Bitbucket refs/pull-requests/*, Azure refs/pull/*), forks keep theirs, "
        "and commits stay to be had by their ids: ask the host to remove them and to collect garbage, then scan its copy by its URL."
    )
    return finding._replace(remediation={**finding.remediation, "history": kept + advice})


def _marked(
    findings: list[Finding],
    located: list[Located],
    before: Before,
    rules: Callable[[str], RuleFacts],
    fingerprinter: Fingerprinter,
    coverage: Coverage,
) -> list[Finding]:
    """Mark what the baselines know, and say on the receipt what they did."""
    from leaksieve.findings.known import mark

    def values(fingerprints: frozenset[str]) -> dict[str, tuple[str, bytes]]:
        paths = {full_path(one) for finding in findings if finding.fingerprint in fingerprints for one in finding.occurrences}
        known = {}
        for place in located:
            path = full_path(place.provenance)
            if path in paths:
                family, value = rules(place.rule_id).family, place.secret.reveal()
                fingerprint = fingerprinter.of(family, value, path)
                if fingerprint in fingerprints:
                    known[fingerprint] = (family, value)
        return known

    findings = mark(findings, before.baselines, fingerprinter, values, before.trail)
    entries = sum(len(baseline.entries) for baseline in before.baselines)
    stale = sum(len(baseline.stale) for baseline in before.baselines)
    coverage.baseline = {
        "files": [baseline.name for baseline in before.baselines],
        "entries": entries,
        "matched": entries - stale,
        "findings": sum(finding.baselined for finding in findings),
        "stale": stale if before.whole else None,
    }
    if before.whole and stale:
        coverage.warnings.append(
            f"{stale:,} of {entries:,} entries of the baseline {'was' if stale == 1 else 'were'} not found; `leaksieve baseline update` drops what is gone"
        )
    return findings


def _with_reasons(located: list[Located], coverage: Coverage) -> list[Located]:
    """Take back what a comment without a reason allowed; the sentence ends in the reason."""
    out = [place._replace(allowed="") if place.allowed and not place.allowed.endswith(")") else place for place in located]
    bare = sum(1 for place, was in zip(out, located, strict=True) if place.allowed != was.allowed)
    if bare:
        places = "1 place" if bare == 1 else f"{bare:,} places"
        coverage.warnings.append(f"comments without a reason do not count (--require-reason): {places}; write `leaksieve:allow -- <reason>`")
    return out


def _named_secrets(located: Iterable[Located], rules: Callable[[str], RuleFacts]) -> dict[bytes, str]:
    """Secrets that are (part of) the name of a file, a branch or a tag, and what is shown in their stead."""
    from leaksieve.findings.mask import mask

    return {
        place.secret.reveal(): mask(place.secret.reveal(), rules(place.rule_id).public_prefix)
        for place in located
        if place.provenance.details.get("object_type") == "tree"
        or place.provenance.details.get("where") == "ref-name"
        or place.provenance.details.get("member") == "name"
    }


def _without_names(finding: Finding, named: dict[bytes, str]) -> Finding:
    """The finding with those secrets masked wherever a path or a reference repeats them."""
    hidden = [(value, shown.encode(), value.decode("utf-8", "backslashreplace"), shown) for value, shown in named.items()]

    def path(raw: bytes) -> bytes:
        for value, shown, _, _ in hidden:
            raw = raw.replace(value, shown)
        return raw

    def text(told: Any) -> Any:
        if isinstance(told, list):
            return [text(one) for one in told]
        if isinstance(told, str):
            for _, _, value, shown in hidden:
                told = told.replace(value, shown)
        return told

    occurrences = tuple(
        one._replace(
            path=path(one.path),
            archive_path=None if one.archive_path is None else path(one.archive_path),
            source={field: text(told) for field, told in one.source.items()},
        )
        for one in finding.occurrences
    )
    return finding._replace(occurrences=occurrences)


def fold_located(located: list[Located], ruleset: Ruleset, config: Config, fingerprinter: Fingerprinter) -> list[Finding]:
    """The same for one buffer: findings that the configuration shows."""
    rules, located = _book(ruleset), _by_commit(located, ruleset)
    if config.allow:
        located = _allowed(located, config.allow, rules, fingerprinter, Coverage())
    return [finding for finding in _folded(located, rules, config, fingerprinter) if _shown(finding, config)]


def _by_commit(located: list[Located], ruleset: Ruleset) -> list[Located]:
    """The places, marked where an allow list of another scanner's rule file names the commit that brought them in."""
    if ruleset.foreign.get("commits"):
        from leaksieve.engine.foreign import by_commit

        return by_commit(located, ruleset.by_id)
    return located


def _folded(located: list[Located], rules: Callable[[str], RuleFacts], config: Config, fingerprinter: Fingerprinter) -> list[Finding]:
    now = time()

    def prove(rule_id: str, place: Located) -> Proof:
        return examine(rules(rule_id).proof, place.secret.reveal(), {name: part.reveal() for name, part in place.parts}, now)

    return fold(located, rules=rules, fingerprinter=fingerprinter, reveal=config.reveal, dedupe=config.dedupe, prove=prove)


def _book(ruleset: Ruleset) -> Callable[[str], RuleFacts]:
    """Rules by id, each read once."""
    facts: dict[str, RuleFacts] = {}

    def rules(rule_id: str) -> RuleFacts:
        known = facts.get(rule_id)
        if known is None:
            known = facts[rule_id] = _facts(ruleset.by_id(rule_id))
        return known

    return rules


def candidates_of(
    findings: Iterable[Finding], located: Iterable[Located], ruleset: Ruleset, fingerprinter: Fingerprinter, own: Collection[str] = ()
) -> list[Candidate]:
    """The credentials behind findings, for live checks: values with their parts, in the findings' order.

    ``own`` are rules of the user's own files.  Rules that came with a scanned repository are not trusted to say what a value is.
    """
    from leaksieve.verifiers.base import Subject
    from leaksieve.verifiers.plan import Candidate

    rules = _book(ruleset)
    wanted = {finding.fingerprint for finding in findings}
    places: dict[str, list[Located]] = {}
    for place in located:
        fingerprint = fingerprinter.of(rules(place.rule_id).family, place.secret.reveal(), full_path(place.provenance))
        if fingerprint in wanted:
            places.setdefault(fingerprint, []).append(place)
    found: dict[str, Candidate] = {}
    for finding in findings:
        here = places.get(finding.fingerprint)
        if here is None or finding.fingerprint in found:
            continue
        # The same value may stand elsewhere by itself; where its parts stand with it, it can be asked about.
        whole = max(here, key=lambda place: len(place.parts))
        ids = list(dict.fromkeys([finding.rule_id, *(place.rule_id for place in here)]))
        trusted = [name for name in ids if ruleset.by_id(name).get("builtin") or name in own]
        found[finding.fingerprint] = Candidate(
            key=finding.fingerprint,
            subject=Subject(finding.rule_id, whole.secret, dict(whole.parts), finding.details),
            names=tuple(name for known in trusted for name in (known, *rules(known).aliases)),
            trusted=bool(trusted),
            prefix=rules(finding.rule_id).public_prefix,
            withheld="allowed" if finding.allowed and not finding.baselined else "",
        )
    return list(found.values())


def fingerprint_key(config: Config, repository: Any, env_key: bytes | None) -> Fingerprinter:
    """The key of this run's fingerprints; the repository is read only when nothing else gives one."""
    root = None
    if repository is not None and not env_key and not config.project:
        from leaksieve.gitobjects.roots import first_root_commit

        root = first_root_commit(repository)
    return key_for(root, config.project, env_key)


def _shown(finding: Finding, config: Config) -> bool:
    return SEVERITIES.index(finding.severity) >= SEVERITIES.index(config.severity) and CONFIDENCES.index(finding.confidence) >= CONFIDENCES.index(
        config.confidence
    )


def _facts(rule: dict[str, Any]) -> RuleFacts:
    return RuleFacts(
        id=rule["id"],
        name=rule["name"],
        family=rule.get("fingerprint_family", rule["family"]),
        severity=rule["severity"],
        confidence=rule["confidence"],
        tags=tuple(rule["tags"]),
        proof=rule["proof"],
        public_prefix=rule["public_prefix"].encode(),
        remediation={"impact": rule["impact"], "documentation": rule["documentation"], "rotation": rule["rotation"], "revoke": list(rule["revoke"])},
        aliases=tuple(rule.get("aliases", ())),
        on_failed_proof=rule.get("on_failed_proof", "keep"),
    )


def rule_info(rule: dict[str, Any]) -> RuleInfo:
    """What reports say about a rule of the ruleset."""
    return RuleInfo(
        id=rule["id"],
        name=rule["name"],
        family=rule["family"],
        provider=rule["provider"],
        severity=rule["severity"],
        confidence=rule["confidence"],
        tags=tuple(rule["tags"]),
        impact=rule["impact"],
        documentation=rule["documentation"],
        rotation=rule["rotation"],
        revoke=tuple(rule["revoke"]),
        aliases=tuple(rule.get("aliases", ())),
    )


def _allowed(
    located: Iterable[Located], entries: Iterable[AllowEntry], rules: Callable[[str], RuleFacts], fingerprinter: Fingerprinter, coverage: Coverage
) -> list[Located]:
    """Mark the places that an allow entry of the configuration covers; the first entry that does gives the reason.

    An entry whose term is over marks nothing; what it would have covered is counted, and said.
    """
    today = strftime("%Y-%m-%d", gmtime())
    judges = [(number, entry, entry.is_expired(today), _judge(entry, coverage.warnings)) for number, entry in enumerate(entries)]
    hidden = [0] * len(judges)
    # Those that speak for some place, whether or not something else hid it before them.
    used: set[int] = set()
    out = []
    for place in located:
        value = place.secret.reveal()
        facts = rules(place.rule_id)
        for number, entry, expired, covers in judges:
            if place.allowed and number in used:
                continue
            fingerprint = fingerprinter.of(facts.family, value, full_path(place.provenance)) if entry.fingerprints else ""
            if covers((place.rule_id, *facts.aliases), place.provenance.path, value, fingerprint):
                used.add(number)
                if not place.allowed:
                    hidden[number] += 1
                    if not expired:
                        place = place._replace(allowed=f"configuration: {entry.text()}")
        out.append(place)
    coverage.allow = [entry.told(today, count) for (_, entry, _, _), count in zip(judges, hidden, strict=True)]
    coverage.unused = [entry.reason for number, entry, expired, _ in judges if number not in used and not expired]
    for number, entry, expired, _ in judges:
        if expired:
            count = hidden[number]
            places = "1 place it covered counts" if count == 1 else f"{count:,} places it covered count"
            owner = f", {entry.owner}" if entry.owner else ""
            coverage.warnings.append(f"an allow entry expired on {entry.expires} ({entry.reason}{owner}); {places} again")
    return out


def _judge(entry: AllowEntry, warnings: list[str]) -> Callable[[tuple[str, ...], bytes, bytes, str], bool]:
    """One entry as a question; every criterion that is not empty must hold.  A pattern that takes too long hides nothing more, and that is said."""
    import regex

    from leaksieve.sources.ignore import IgnoreList, Scope
    from leaksieve.sources.named import is_excluded

    paths = Scope.root(IgnoreList(b"\n".join(os.fsencode(path) for path in entry.paths))) if entry.paths else None
    regexes = [regex.compile(pattern.encode()) for pattern in entry.regexes]
    words = [word.lower().encode() for word in entry.stop_words]

    def matches(pattern: regex.Pattern[bytes], value: bytes) -> bool:
        try:
            return pattern.search(value, timeout=_PATTERN_SECONDS) is not None
        except TimeoutError:
            # Each of thousands of findings would take as long.
            regexes.remove(pattern)
            warnings.append(f"a pattern of an allow entry ({entry.reason}) takes too long and was set aside; what it might have covered counts")
            return False

    def covers(names: tuple[str, ...], path: bytes, value: bytes, fingerprint: str) -> bool:
        if entry.rules and not any(fnmatchcase(name, glob) for name in names for glob in entry.rules):
            return False
        if entry.fingerprints and fingerprint not in entry.fingerprints:
            return False
        if paths is not None and not is_excluded(paths, path):
            return False
        # Of those the entry names: that none is left must not make it cover everything.
        if entry.regexes and not any(matches(pattern, value) for pattern in list(regexes)):
            return False
        return not words or any(word in value.lower() for word in words)

    return covers
