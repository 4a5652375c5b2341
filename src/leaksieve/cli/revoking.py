"""How a credential is revoked: said for every rule, carried out where the provider takes it from the credential itself."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from leaksieve.cli.talk import Talk, answer, harmless
from leaksieve.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from leaksieve.cli.request import Options
    from leaksieve.config import Config
    from leaksieve.model import Finding
    from leaksieve.reports.base import RuleInfo
    from leaksieve.reports.read import Report


class Asked(NamedTuple):
    """What is to be revoked: its rule, its finding (None: any of the rule), how to say it again, and the table of its live check."""

    rule: RuleInfo
    finding: Finding | None
    again: str
    table: Mapping[str, Any] | None


def named(options: Options) -> Config:
    """What the user names: the file of -c with the options laid over it.  A repository's own has no say here.  Raises UsageError, ConfigError."""
    from leaksieve.cli.settings import settle

    return settle(options, []).config


def of_rule(rule_id: str, config: Config) -> Asked:
    """Any credential of a rule.  Raises UsageError for one that there is none of."""
    from leaksieve.config.accept import is_fingerprint

    if is_fingerprint(rule_id):
        raise UsageError("a fingerprint wants the report it stands in", where="leaksieve revoke", hint=f"leaksieve revoke {rule_id} REPORT")
    from leaksieve.outcome import rule_info
    from leaksieve.ruleset import load
    from leaksieve.ruleset.alias import find

    rule = find(load(config.rules), rule_id)
    return Asked(rule_info(rule), None, f"{rule['id']} REPORT", _table(config, rule["id"], *rule.get("aliases", ())))


def of_report(name: str, report: Report, config: Config, path: str, target: str) -> Asked:
    """A finding of a report, by its fingerprint or (where it is the only one) by its rule.  Raises UsageError."""
    found = [one for one in report.findings if name in (one.fingerprint, one.rule_id)]
    if not found:
        raise UsageError(f"no finding {name!a} is in the report" if len(name) <= 80 else "no such finding is in the report", where=harmless(path))
    if len({one.fingerprint for one in found}) > 1:
        shown = ", ".join(one.fingerprint for one in found[:5])
        raise UsageError(
            f"{len(found):,} findings are of {name}: {shown}{' ...' if len(found) > 5 else ''}", where=harmless(path), hint="name one by its fingerprint"
        )
    rule = _rule(found[0], config)
    again = shlex.join([found[0].fingerprint, path, *([target] if target != "." else [])])
    return Asked(rule, found[0], again, _table(config, rule.id, *rule.aliases))


def _rule(finding: Finding, config: Config) -> RuleInfo:
    """The rule as the ruleset has it; what the report says of it only where that does not know it."""
    from leaksieve.outcome import rule_info
    from leaksieve.reports.read import rule_of
    from leaksieve.ruleset import load
    from leaksieve.ruleset.alias import find

    try:
        return rule_info(find(load(config.rules), finding.rule_id))
    except UsageError:
        return rule_of(finding)


def _table(config: Config, *rule_ids: str) -> Mapping[str, Any] | None:
    from leaksieve.ruleset.verify_load import load_verifiers

    return load_verifiers(config.rules).of(*rule_ids)


def explain(asked: Asked, options: Options, config: Config) -> ExitCode:
    """Write to standard output what revoking it takes; sends nothing."""
    for line in lines(asked, _endpoints(asked, options, config), _reach(options)):
        answer(harmless(line))
    return ExitCode.CLEAN


def lines(asked: Asked, endpoints: list[str], reach: str) -> list[str]:
    """The steps, for a person; fields in braces stand for the credential and its parts, ``reach`` are the options that say where it goes."""
    rule, table = asked.rule, asked.table
    out = [f"{rule.name} ({rule.id})"]
    if asked.finding is not None:
        from leaksieve.reports.text_finding import place

        more = len(asked.finding.occurrences) - 1
        # Its text is shown nowhere here: a report that was made with --reveal holds the value.
        out.append(f"  {asked.finding.fingerprint}, {place(asked.finding.occurrences[0])}" + (f" and {more:,} more" if more else ""))
    if rule.impact:
        out.append(f"  {rule.impact}")
    if table is not None and "revoke" in table:
        ends = table["revoke"]
        out += ["", "It can end itself:"]
        out += [f"  {one}" for one in _calls(table, ends, endpoints)]
        out += [f"  {ends['effect']}", f"  {ends['documentation']}", f"  Carry it out: leaksieve revoke {asked.again} --yes{reach}"]
    out += ["", "By hand:"]
    out += [f"  {number}. {step}" for number, step in enumerate(rule.revoke, 1)] or ["  Revoke it where it was made."]
    out += [f"  {link}" for link in dict.fromkeys((rule.rotation, rule.documentation)) if link][:1]
    out += ["", "Make the new one first where something runs on it. Removing it from the files does not revoke it: whoever has copied it still can use it."]
    if table is not None:
        unsure = "" if table["read"] else " (that check was not held against the provider's documentation yet)"
        out.append(f"Afterwards: leaksieve verify REPORT{reach} says whether it is dead{unsure}.")
    return out


def _calls(table: Mapping[str, Any], ends: Mapping[str, Any], endpoints: list[str]) -> list[str]:
    """The request as the table writes it, at the user's own addresses where there are some."""
    from leaksieve.verifiers.declared import based

    auth = ends["auth"]
    how = {
        "bearer": f"Authorization: {auth.get('prefix')} {{secret}}",
        "basic": f"Authorization: Basic {auth.get('user')}:{auth.get('password')}",
        "header": f"{auth.get('name')}: {auth.get('value')}",
        "query": f"?{auth.get('name')}={auth.get('value')}",
    }.get(auth["scheme"])
    out = []
    for endpoint in endpoints or ([""] if not ends["url"].startswith("/") else []):
        out.append(f"{ends['method']} {based(table, ends['url'], endpoint)}")
    if not out:
        out.append(f"{ends['method']} {ends['url']} at the address in `verify.endpoints.{table['endpoint']}`")
    out += [f"  {name}: {value}" for name, value in ends["headers"].items()]
    out += [f"  {how}"] if how else []
    out += [f"  {ends[kind] if kind == 'body' else json.dumps(ends[kind])}" for kind in ("form", "json", "body") if kind in ends]
    return out


def _endpoints(asked: Asked, options: Options, config: Config) -> list[str]:
    """The user's own addresses of the provider."""
    if asked.table is None or not asked.table["endpoint"]:
        return []
    from leaksieve.cli.verifying import check_endpoints, settings_for
    from leaksieve.ruleset.verify_load import load_verifiers

    settings = settings_for(options, config)
    check_endpoints(settings, load_verifiers(config.rules))
    return [url.rstrip("/") for url in settings.endpoints.get(asked.table["endpoint"], ())]


def _reach(options: Options) -> str:
    """The options without which it would go elsewhere, or be asked for in another way: whoever copies the command has them too."""
    single = [("--config", options.config), ("--verify-config", options.verify_config)]
    several = [("--rules", path) for path in options.rules] + [("--verify-endpoint", text) for text in options.verify_endpoint]
    return "".join(f" {name} {shlex.quote(value)}" for name, value in single + several if value is not None)


def carry_out(asked: Asked, report: Report, options: Options, config: Config, target: str) -> ExitCode:
    """Have the credential end itself, and say what came of it.

    Raises UsageError where it cannot be: the provider takes it from nobody but the owner, or the value is not found again.
    """
    import time

    from leaksieve.cli.reread import ground, values
    from leaksieve.cli.verifying import check_endpoints, settings_for, unencrypted
    from leaksieve.ruleset.verify_load import load_verifiers
    from leaksieve.verifiers.base import REASONS
    from leaksieve.verifiers.memory import Memory
    from leaksieve.verifiers.plan import check_code, plan
    from leaksieve.verifiers.revoking import call_of, revoke

    assert asked.finding is not None
    if asked.table is None or "revoke" not in asked.table:
        raise UsageError(
            f"{asked.rule.id} cannot end itself: its owner has to", where="--yes", hint=f"leaksieve revoke {asked.again}{_reach(options)} says how"
        )
    here = ground(options, report, target)
    settings = settings_for(options, config)._replace(only=())
    tables = load_verifiers(config.rules)
    check_code(tables)
    check_endpoints(settings, tables)
    only = report._replace(findings=[asked.finding])
    # What was accepted as a finding is revoked all the same when someone says so.
    (candidate,) = [one._replace(withheld="" if one.withheld == "allowed" else one.withheld) for one in values(only, here)(tables.own)]
    planned = plan([candidate], tables, settings, Memory(None, 0, time.time))
    if not planned.jobs:
        verdict = planned.settled[candidate.key].verdict
        why = "; ".join(filter(None, (REASONS.get(verdict.reason, "it is a canary, whose owner would be told"), verdict.detail)))
        raise UsageError(f"cannot be carried out: {why}", where="--yes", hint=f"leaksieve revoke {asked.again}{_reach(options)} says how it is done by hand")
    (job,) = planned.jobs
    talk = Talk.current()
    call = call_of(job)
    port = "" if call.port == 443 else f":{call.port}"
    what = f"about to revoke {asked.finding.fingerprint} ({asked.rule.id})"
    talk.note(f"{what}: it is asked about first, and unless it is dead: {call.what} to {harmless(call.host)}{port}. {job.table['revoke']['effect']}")
    for line in unencrypted(planned):
        talk.note(line)
    memory = Memory(settings.cache_dir, settings.cache_age, time.time)
    try:
        done = revoke(job, settings, memory)
    finally:
        memory.close()
    said = _said(done, REASONS)
    answer(said)
    if done.dead:
        return ExitCode.CLEAN
    for line in lines(asked, list(job.endpoints) if job.endpoints != [""] else [], _reach(options)):
        talk.note(line)
    return ExitCode.FINDINGS if done.after.state == "active" else ExitCode.INCOMPLETE


def _said(done: Any, reasons: Mapping[str, str]) -> str:
    """What came of it, in a sentence."""
    from leaksieve.verifiers.run import UNSENT

    now = reasons.get(done.after.reason, done.after.reason)
    state = "; ".join(filter(None, (done.after.state, done.after.detail)))
    if not done.sent:
        return f"it was dead before ({state}); nothing was sent to revoke it"
    if not done.accepted:
        why = reasons.get(done.detail, done.detail)
        if done.dead:
            return f"dead: the provider calls it {state}, although revoking it was not confirmed ({why})"
        if done.after.state == "active" or done.detail in UNSENT:
            return f"not revoked: {why}" + ("; it still works" if done.after.state == "active" else "")
        return f"whether it is revoked is not known: {why}, and then {now}" if now != why else f"whether it is revoked is not known: {why}"
    if done.dead:
        return f"revoked, and dead: the provider calls it {state}"
    if done.after.state == "active":
        return "the provider took it, and the credential still works; look again later"
    return f"the provider took it, and does not say that the credential is dead ({now})"
