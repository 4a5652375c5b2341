"""``leaksieve audit``: go through findings at the terminal, one by one."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from leaksieve.cli.options import common
from leaksieve.cli.request import Options
from leaksieve.cli.talk import Talk
from leaksieve.errors import ExitCode, LeaksieveError, UsageError

if TYPE_CHECKING:
    from leaksieve.cli.audit.reveal import Reader
    from leaksieve.config import Config
    from leaksieve.model import Finding
    from leaksieve.pipeline import Outcome, Plan
    from leaksieve.reports.base import RuleInfo

_ABOUT = """Go through findings at the terminal, one at a time, the worst first: a key says whether it is real, known (the baseline), a test value,
a false alarm or revoked (an allow entry in the configuration, with a reason). Scans the targets (by default the current directory with its history), or reads
a JSON or JSONL report with --report. What was decided is written at the end, after Ctrl-C as well, and a later run goes on where this one stopped."""
_BASELINE = "leaksieve.baseline"


@click.command("audit", help=_ABOUT)
@click.argument("targets", nargs=-1, metavar="[TARGET...]")
@click.option("--report", metavar="FILE", help="Read a JSON or JSONL report in place of a scan.")
@click.option("--rule", "only_rules", multiple=True, metavar="RULE", help="Show only findings of the rules with this id or glob.")
@click.option("--path", "only_paths", multiple=True, metavar="PATTERN", help="Show only findings in these paths (gitignore syntax).")
@click.option("--owner", metavar="NAME", help="Who answers for the allow entries.")
@click.option("--expires", metavar="DAY", help="Last day the allow entries hold (2027-01-31), or for how many days (90d).  [default: no end]")
@click.option("--state", metavar="FILE", help="Where decisions are kept between runs.  [default: .leaksieve-audit.json at the project's root]")
@click.option("--again", is_flag=True, help="Ask again about what was decided before and is still a finding.")
@click.option("--tree", is_flag=True, help="Scan working trees alone.")
@click.option("--history", is_flag=True, help="Scan histories alone.")
@common(ignore_files=True)
def command(
    options: Options,
    targets: tuple[str, ...],
    report: str | None,
    only_rules: tuple[str, ...],
    only_paths: tuple[str, ...],
    owner: str | None,
    expires: str | None,
    state: str | None,
    again: bool,
    tree: bool,
    history: bool,
) -> int:
    """Scan or read, then ask."""
    from leaksieve.cli.accepting import last_day, worded
    from leaksieve.cli.audit.screen import require_terminal
    from leaksieve.cli.places import project_root

    if options.formats or options.outputs:
        raise UsageError("writes no report, and takes neither -f nor -o", where="leaksieve audit", hint="`leaksieve report convert` makes one of another")
    if tree and history:
        raise UsageError("--tree and --history exclude each other", hint="without both, the tree and the history are scanned")
    if report is not None and (targets or tree or history):
        raise UsageError("a report is read in place of a scan", where="--report", hint="name either it or targets")
    require_terminal()
    given = _Given(
        root=project_root(targets[0] if targets else "."),
        rules=only_rules,
        paths=only_paths,
        owner=worded(owner, "--owner") if owner is not None else "",
        expires=last_day(expires) if expires is not None else "",
        state=state,
        again=again,
        config=options.config,
    )
    named = _baseline(options, given.root)
    if report is not None:
        return _from_report(options, report, given, named)
    from leaksieve.cli.trees import scan_trees

    def then(plan: Plan, outcome: Outcome) -> ExitCode:
        from leaksieve.cli.audit.reveal import Reader
        from leaksieve.cli.exits import exit_code

        if outcome.coverage.interrupted:
            return ExitCode.INTERRUPTED
        assert plan.fingerprinter is not None
        reader = Reader(given.root, plan.repository, plan.config, plan.fingerprinter)
        key = (plan.fingerprinter.key_name, plan.fingerprinter.key_id)
        code = _ask(outcome.findings, outcome.rules, plan.config, key, given, named, reader)
        if not outcome.coverage.complete:
            Talk.current().error("incomplete: not everything could be scanned; `leaksieve scan` says what")
        return exit_code(0, outcome.coverage, plan.config) if code == ExitCode.CLEAN else code

    known = (named,) if os.path.exists(named) else ()
    ready = options._replace(then=then, baseline=known, dedupe=True, reveal=False)
    return scan_trees(ready, targets or (".",), classify=False, trees=not history, histories=not tree)


class _Given(NamedTuple):
    """What the command line says beyond the common options."""

    root: str
    rules: Sequence[str]
    paths: Sequence[str]
    owner: str
    expires: str
    state: str | None
    again: bool
    config: str | None

    def wants(self, finding: Finding) -> bool:
        """Whether the filters let a finding through."""
        from fnmatch import fnmatchcase

        if self.rules and not any(fnmatchcase(finding.rule_id, glob) for glob in self.rules):
            return False
        if not self.paths:
            return True
        from leaksieve.sources.ignore import IgnoreList, Scope
        from leaksieve.sources.named import is_excluded

        scope = Scope.root(IgnoreList(b"\n".join(os.fsencode(path) for path in self.paths)))
        return any(is_excluded(scope, one.path) for one in finding.occurrences)


def _baseline(options: Options, root: str) -> str:
    """Return the baseline that decisions go to."""
    named = list(dict.fromkeys(options.baseline))
    if len(named) > 1:
        raise UsageError("takes one -b FILE, the baseline that findings go to", where="leaksieve audit")
    if named:
        return named[0]
    usual = os.path.join(root, _BASELINE)
    if os.path.islink(usual):
        raise UsageError("is a link, and is used only if it is named with -b", where=usual)
    return usual


def _from_report(options: Options, path: str, given: _Given, named: str) -> int:
    from leaksieve.cli.audit.reveal import Reader
    from leaksieve.cli.commands.report import opened
    from leaksieve.cli.exits import is_shown
    from leaksieve.cli.places import repository_or_none
    from leaksieve.cli.settings import settle
    from leaksieve.model import CONFIDENCES
    from leaksieve.outcome import fingerprint_key
    from leaksieve.reports.read import rules_of

    if path == "-":
        raise UsageError("standard input is the keyboard here", where="--report", hint="name a file")
    told, _ = opened(path)
    repository = repository_or_none(".", options.allow_root)
    config = settle(options, [given.root], foreign=repository is not None and repository.is_foreign_owned).config
    least = CONFIDENCES.index(config.confidence)
    findings = [one for one in told.findings if is_shown(one.severity, config) and CONFIDENCES.index(one.confidence) >= least]
    fingerprinter = fingerprint_key(config, repository, os.fsencode(os.environ.get("LEAKSIEVE_KEY", "")) or None)
    key = told.coverage.key
    # Fingerprints of another key say nothing of the files here.
    reader = Reader(given.root, repository, config, fingerprinter) if key is None or key[1] == fingerprinter.key_id else None
    return _ask(findings, rules_of(told.findings), config, key, given, named, reader)


def _ask(
    findings: Sequence[Finding],
    rules: Mapping[str, RuleInfo],
    config: Config,
    key: tuple[str, str] | None,
    given: _Given,
    baseline: str,
    reader: Reader | None,
) -> ExitCode:
    """Ask about what is neither accepted nor decided, and write what was said."""
    from leaksieve.cli.accepting import brief, worded
    from leaksieve.cli.audit.record import NAME, load
    from leaksieve.cli.audit.screen import Screen
    from leaksieve.cli.audit.triage import Settings, Triage
    from leaksieve.cli.audit.writing import Places, write_out
    from leaksieve.cli.baselines import entries_of
    from leaksieve.config.accept import is_fingerprint
    from leaksieve.reports.text_finding import order
    from leaksieve.reports.text_style import rank

    talk = Talk.current()
    record = load(given.state or os.path.join(given.root, NAME), key)
    asked = {one.fingerprint: one for one in findings if not one.allowed and given.wants(one) and is_fingerprint(one.fingerprint)}
    if given.again:
        # What is not written yet has been decided, and is not asked twice.
        record.decisions = {name: one for name, one in record.decisions.items() if one.pending or name not in asked}
    queue = sorted((one for one in asked.values() if one.fingerprint not in record.decisions), key=lambda one: (-rank(one.severity), order(one)))
    if len(queue) < len(asked):
        talk.note(f"{len(asked) - len(queue):,} of {len(asked):,} findings were decided before ({brief(record.path)}); --again asks about them again")

    def reveal(finding: Finding) -> Sequence[str]:
        if reader is None:
            raise UsageError("cannot be shown: the report's fingerprints were made with another key than this project's")
        return reader.lines(finding)

    entries = {known.partition(" ")[0]: known for known in entries_of(queue)}
    settings = Settings(config.require_reason, lambda text: worded(text, "reason"), reveal)
    triage = Triage(queue, rules, entries, record, Screen(), settings)
    code = ExitCode.CLEAN
    try:
        triage.run()
    except KeyboardInterrupt:
        code = ExitCode.INTERRUPTED
    except EOFError:
        pass
    try:
        for sentence in write_out(record, Places(baseline, given.root, given.config, given.owner, given.expires)):
            talk.note(sentence)
    except LeaksieveError:
        talk.error(f"what was decided is kept in {brief(record.path)}, and written by the next `leaksieve audit`")
        raise
    for sentence in triage.told() if queue else ["nothing to go through"]:
        talk.note(sentence)
    return code
