"""Live checks on the command line: what they may do, what is said before anything is sent, and the plan that sends nothing."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from leaksieve.cli.exits import exit_code
from leaksieve.cli.request import Options
from leaksieve.cli.talk import Talk, answer, harmless
from leaksieve.config import Config
from leaksieve.config.discover import Found
from leaksieve.errors import ExitCode, UsageError
from leaksieve.verifiers.plan import EgressPlan
from leaksieve.verifiers.settings import Settings

if TYPE_CHECKING:
    from leaksieve.coverage import Coverage
    from leaksieve.model import Finding
    from leaksieve.reports.base import RuleInfo
    from leaksieve.ruleset.verify_load import Tables
    from leaksieve.verifiers.plan import Candidate

EMPTY = EgressPlan([], {})
_NEEDS_VERIFY = {
    "--verify-only": "verify_only",
    "--verify-timeout": "verify_timeout",
    "--verify-endpoint": "verify_endpoint",
    "--verify-ssh": "verify_ssh",
    "--verify-config": "verify_config",
    "--no-verify-cache": "verify_cache",
    "--only-verified": "only_verified",
    "--fail-on-verified": "fail_on_verified",
}


def wanted(options: Options) -> bool:
    """Whether live checks, or their plan, were asked for.  Raises UsageError for options that mean nothing without."""
    if options.verify or options.verify_plan:
        return True
    for name, field in _NEEDS_VERIFY.items():
        if getattr(options, field) not in (None, (), False):
            raise UsageError(
                "means something with --verify alone", where=name, hint="live checks send credentials to their providers, and are never on by themselves"
            )
    return False


def verification(options: Options, found: Found, clear: Callable[[], None] = lambda: None, *, root: str | None = None) -> Verification:
    """Live checks as the options and the user's own configuration want them; a repository's configuration has no say.

    ``clear`` wipes what is drawn of progress, ``root`` is the folder that is scanned, where public halves of keys are looked for.  Raises UsageError, ConfigError.
    """
    settings = settings_for(options, found.config)._replace(folder=None if root is None else os.path.abspath(os.fsencode(root)))
    named = tuple(os.path.abspath(path) for path in options.rules)
    own = found.config.rules if found.origin == "option" else tuple(path for path in found.config.rules if path in named)
    verify = Verification(settings, own, clear, plan_only=options.verify_plan)
    check_only(settings.only, verify.tables, found.config.rules)
    return verify


class Verification:
    """The pipeline's Verify: says what will be sent, sends it, and gives the findings their verdicts.

    ``plan_only`` sends nothing and keeps the plan in ``plan``.
    """

    def __init__(self, settings: Settings, own: Sequence[str], clear: Callable[[], None], *, plan_only: bool = False) -> None:
        from leaksieve.ruleset.verify_load import load_verifiers
        from leaksieve.verifiers.plan import check_code

        self.settings = settings
        self.plan: EgressPlan | None = None
        self.plan_only = plan_only
        self._clear = clear
        self.tables = load_verifiers(own)
        check_code(self.tables)
        check_endpoints(settings, self.tables)
        if not plan_only:
            from leaksieve.verifiers.network import Network

            # What is missing or wrong is said before the scan, not behind it.
            Network(settings)

    def __call__(
        self, findings: list[Finding], rules: Mapping[str, RuleInfo], candidates: Callable[[Collection[str]], list[Candidate]], coverage: Coverage
    ) -> list[Finding]:
        """See Verify."""
        import time

        from leaksieve.verifiers.apply import judged, summary
        from leaksieve.verifiers.memory import Memory
        from leaksieve.verifiers.plan import plan
        from leaksieve.verifiers.run import carry_out

        memory = Memory(self.settings.cache_dir, self.settings.cache_age, time.time)
        try:
            self.plan = plan(candidates(self.tables.own), self.tables, self.settings, memory)
            self._clear()
            if self.plan_only:
                return findings
            say(self.plan, Talk.current())
            ran = carry_out(self.plan, self.settings, memory)
        except KeyboardInterrupt:
            # Of those who read what goes where, some think better of it: what was found is reported all the same.
            if self.plan_only:
                raise
            coverage.interrupted = True
            coverage.notes.append("live checks: interrupted before they were begun")
            return findings
        finally:
            memory.close()
        coverage.interrupted = coverage.interrupted or ran.interrupted
        counts, words = summary(ran.results[finding.fingerprint] for finding in findings if finding.fingerprint in ran.results)
        coverage.verification = {"calls": told(self.plan), "verdicts": counts}
        coverage.notes.append(f"live checks: {words}")
        if self.plan.unencrypted:
            coverage.notes.append(f"live checks: credentials for {', '.join(map(harmless, self.plan.unencrypted))} travel over plain http, not encrypted")
        return [judged(one, rules[one.rule_id].severity, ran.results[one.fingerprint]) if one.fingerprint in ran.results else one for one in findings]

    def show(self, formats: Sequence[str], coverage: Coverage, config: Config) -> ExitCode:
        """Write the plan to standard output, as text or JSON; exit 0 unless the scan itself was cut short."""
        plan = self.plan or EMPTY
        if formats in ((), ("text",)):
            for line in lines(plan):
                answer(harmless(line))
        elif formats in (("json",), ("jsonl",)):
            import json

            left = dict(sorted(_left(plan).items()))
            cached = sum(result.cached for result in plan.settled.values())
            told_all = {"calls": told(plan), "not_asked": left, "cached": cached, "unread": plan.unread, "unencrypted": plan.unencrypted}
            answer(json.dumps(told_all))
        else:
            raise UsageError("is written as text or json", where="--verify-plan")
        return exit_code(0, coverage, config)


def told(plan: EgressPlan) -> list[dict[str, object]]:
    """The plan's lines as JSON values."""
    return [line._asdict() for line in plan.lines]


def lines(plan: EgressPlan) -> list[str]:
    """The plan for a person: every host and call, how often, and what will not be asked."""
    from leaksieve.net.address import never
    from leaksieve.verifiers.base import REASONS

    out = []
    for line in plan.lines:
        more = ", and 1 with a made-up credential before any is called active" if line.control else ""
        if line.refused:
            why = (
                "clouds hand out their machines' credentials there"
                if never(line.host)
                else "the address is not public, and `verify.allow_hosts` does not name it"
            )
            more = f": refused, nothing is sent ({why})"
        port = "" if line.port == 443 else f":{line.port}"
        out.append(f"{line.host}{port}  {line.what}  {line.credentials:,} {'credential' if line.credentials == 1 else 'credentials'} ({line.verifier}){more}")
    out += unencrypted(plan)
    if plan.unread:
        out.append(f"checks not held against the provider's documentation yet: {', '.join(plan.unread)}")
    cached = sum(result.cached for result in plan.settled.values())
    if cached:
        out.append(f"{cached:,} known from an earlier run, not asked again")
    for reason, count in sorted(_left(plan).items()):
        out.append(f"{count:,} not asked: {REASONS.get(reason, 'a canary, whose owner would be told')}")
    return out or ["there is nothing to ask about"]


def unencrypted(plan: EgressPlan) -> list[str]:
    """What there is to say of every server that credentials go to over plain http."""
    return [f"not encrypted (plain http): everyone on the way to {place} could read the credential" for place in plan.unencrypted]


def _left(plan: EgressPlan) -> Counter[str]:
    """How many credentials are not asked about, by reason."""
    return Counter(result.verdict.reason or result.verdict.state for result in plan.settled.values() if not result.cached)


def say(plan: EgressPlan, talk: Talk) -> None:
    """Say on stderr what is about to be sent."""
    for line in lines(plan):
        talk.note(f"live checks: {harmless(line)}")


def settings_for(options: Options, config: Config) -> Settings:
    """What a run of live checks may do.  Raises UsageError, ConfigError."""
    table: dict[str, Any] = dict(config.verify)
    if options.verify_config is not None:
        table |= _file(options.verify_config)
    endpoints: dict[str, tuple[str, ...]] = dict(table.pop("endpoints", {}))
    given: dict[str, tuple[str, ...]] = {}
    for text in options.verify_endpoint:
        name, mark, url = text.partition("=")
        if not mark or not name or not url.startswith(("https://", "http://")):
            raise UsageError("wants NAME=URL, such as gitlab=https://gitlab.example.com", where="--verify-endpoint")
        given[name] = (*given.get(name, ()), url)
    if "ssh" in endpoints or "ssh" in given:
        raise UsageError("has no address of this kind", where="verify.endpoints.ssh", hint="private keys are tried with --verify-ssh USER@HOST alone")
    if options.verify_ssh:
        given["ssh"] = _accounts(options.verify_ssh)
    if options.verify_timeout is not None:
        from leaksieve.config.fields import VERIFY_FIELDS
        from leaksieve.config.values import check

        try:
            table["timeout"] = check(VERIFY_FIELDS["timeout"], options.verify_timeout)
        except ValueError as error:
            raise UsageError(str(error), where="--verify-timeout") from None
    if options.verify_cache is False or table.get("cache_age", 1) is None:
        table["cache_age"] = 0.0
    from urllib.request import getproxies_environment

    proxies = getproxies_environment()
    return Settings(
        **table,
        endpoints={**endpoints, **given},
        only=options.verify_only,
        proxy=proxies.get("https"),
        no_proxy=proxies.get("no", ""),
        cache_dir=os.fsencode(os.environ.get("LEAKSIEVE_CACHE_DIR", "")) or None,
    )


def check_endpoints(settings: Settings, tables: Tables) -> None:
    """Raises ConfigError for an address that cannot be read, UsageError for one under a name that no check has: credentials would go to the usual address, where their owner did not want them."""
    from leaksieve.verifiers.address import endpoint_of

    known = {str(table["endpoint"]) for table in tables.all if table["endpoint"]}
    for name, urls in settings.endpoints.items():
        for url in urls:
            endpoint_of(url)
        if name not in known:
            near = get_close_matches(name, sorted(known), 1)
            shown = name if len(name) <= 80 else f"{name[:80]}..."
            hint = f"did you mean `{near[0]}`?" if near else f"the names are {', '.join(sorted(known - {'ssh'}))}"
            raise UsageError(f"no check takes an address of its own under the name {shown!a}", where="verify.endpoints", hint=hint)


def check_only(globs: Sequence[str], tables: Tables, rules: Sequence[str]) -> None:
    """Raises UsageError for a pattern that neither a rule nor a check fits: nothing would be asked, and a run that fails for live ones alone would pass."""
    from leaksieve.errors import RulesetError

    for glob in globs:
        if any(fnmatchcase(name, glob) for table in tables.all for name in (str(table["id"]), *table["rules"])):
            continue
        from leaksieve.ruleset import load
        from leaksieve.ruleset.alias import select

        try:
            select(load(rules), (glob,))
        except RulesetError as error:
            raise UsageError(error.what, where="--verify-only", hint=error.hint) from None


def _accounts(texts: Sequence[str]) -> tuple[str, ...]:
    """The servers at which private keys are tried, as addresses; nothing but the command line names them."""
    from importlib.util import find_spec

    from leaksieve.net.address import UnfitError, account_of

    if find_spec("asyncssh") is None:
        raise UsageError("needs an SSH client that is not installed", where="--verify-ssh", hint="install leaksieve[ssh]")
    try:
        return tuple(dict.fromkeys(account_of(text).url for text in texts))
    except UnfitError:
        raise UsageError("wants USER@HOST or USER@HOST:PORT", where="--verify-ssh", hint="such as deploy@build.example.com:2222") from None


def _file(path: str) -> dict[str, object]:
    """The keys of a file for live checks alone: those of ``[verify]``, with or without its heading."""
    from leaksieve.config import discover, read
    from leaksieve.errors import ConfigError

    try:
        with open(path, "rb") as stream:
            data = stream.read(discover.MAX_BYTES)
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror or type(error).__name__}", where=discover.shown(path)) from None
    values = read.parse(data, discover.shown(path)) or {}
    inner = values["verify"] if values.keys() == {"verify"} else values
    return read.verify_table(inner, discover.shown(path), os.path.dirname(os.path.abspath(path)))
