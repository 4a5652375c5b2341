"""The options that every scanning command shares, and the plain record they arrive in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from leaksieve.cli.request import Options
from leaksieve.cli.verify_options import verify_options
from leaksieve.model import CONFIDENCES, SEVERITIES

# Where click's decorators keep the parameters of a function.
_KEPT = "__click_params__"
Decorator = Callable[[Callable[..., int]], Callable[..., int]]

# Kept in step with leaksieve.reports by a test; importing that here would cost every start.
FORMATS = ("text", "json", "jsonl", "sarif", "gitlab", "junit", "csv", "html", "github", "markdown")
ENGINES = ("auto", "aho-corasick", "hyperscan")


def _off(name: str, about: str, target: str) -> click.Option:
    """Build a ``--no-x`` switch that turns a setting off and says nothing when it is absent."""
    return click.Option([name, target], flag_value=False, is_flag=True, default=None, type=bool, help=about)


def _on(name: str, about: str) -> click.Option:
    return click.Option([name], flag_value=True, is_flag=True, default=None, type=bool, help=about)


def common(*, ignore_files: bool = False) -> Decorator:
    """Add the shared options to a command function, which receives them as one ``options`` argument."""

    def decorate(function: Callable[..., int]) -> Callable[..., int]:
        def with_options(**given: Any) -> int:
            quiet, verbose = given.pop("quiet"), given.pop("verbose")
            given["verbosity"] = -1 if quiet else min(verbose, 2)
            given.setdefault("gitignore", None)
            given["then"] = None
            options = Options(**{name: given.pop(name) for name in Options._fields})
            return function(options=options, **given)

        with_options.__doc__ = function.__doc__
        # click collects them from there, the last one first; the command's own ones stand before the shared ones.
        setattr(with_options, _KEPT, [*reversed(_parameters(ignore_files=ignore_files)), *getattr(function, _KEPT, [])])
        return with_options

    return decorate


def _parameters(*, ignore_files: bool) -> list[click.Parameter]:
    option = click.Option
    severities, confidences = click.Choice(SEVERITIES), click.Choice(CONFIDENCES)
    parameters: list[click.Parameter] = [
        option(
            ["-f", "--format", "formats"],
            multiple=True,
            type=click.Choice(FORMATS),
            help="Report format; repeat for several reports.  [default: text]",
        ),
        option(
            ["-o", "--output", "outputs"],
            multiple=True,
            metavar="FILE",
            help="Report file; the n-th -o belongs to the n-th -f, - is stdout.",
        ),
        option(["-c", "--config", "config"], metavar="FILE", help="Configuration file, in place of the repository's own."),
        option(["-b", "--baseline", "baseline"], multiple=True, metavar="FILE", help="Baseline: findings in it do not fail the run; repeatable."),
        option(["--confidence"], type=confidences, help="Show findings from this confidence on.  [default: medium]"),
        option(["--severity"], type=severities, help="Show findings from this severity on.  [default: info]"),
        option(["--fail-on"], type=severities, help="Exit 1 for findings from this severity on.  [default: medium]"),
        option(["--enable"], multiple=True, metavar="RULE", help="Run only the rules with this id or glob."),
        option(["--disable"], multiple=True, metavar="RULE", help="Do not run the rules with this id or glob."),
        option(["--rules"], multiple=True, metavar="PATH", help="Further rule file or folder."),
        option(["--exclude"], multiple=True, metavar="PATTERN", help="Do not scan these paths (gitignore syntax)."),
        option(["--no-repo-config", "repo_config"], flag_value=False, is_flag=True, default=True, help="Ignore the configuration in the scanned repository."),
        option(["--trust-repo-config"], is_flag=True, help="Use it although the repository belongs to someone else."),
        _off("--no-inline-allow", "Report findings that a comment allows, too.", "inline_allow"),
        _on("--require-reason", "Comments that allow a finding count only with a reason."),
        option(["--reveal"], is_flag=True, help="Show secrets in full."),
        _off("--no-dedupe", "Report every place as a finding of its own.", "dedupe"),
        option(["--engine"], type=click.Choice(ENGINES), help="Prefilter; both give the same findings.  [default: auto]"),
        option(["--allow-root"], multiple=True, metavar="DIR", help="Follow links and alternates of repositories into this folder, too."),
        option(["-j", "--jobs"], metavar="N", help="Worker processes.  [default: what the container's quota allows]"),
        option(["--max-file-size"], metavar="SIZE", help="Skip larger files.  [default: 100 MiB]"),
        option(["--max-decode-depth"], metavar="N", help="Encodings to peel off one after another.  [default: 3]"),
        option(["--max-archive-depth"], metavar="N", help="Archives inside archives to open, 0 for none; in a history 1 at most.  [default: 3]"),
        option(["--rule-timeout"], metavar="TIME", help="Time one rule may spend on one chunk.  [default: 2s]"),
        option(["--timeout"], metavar="TIME", help="Time the whole scan may take.  [default: no limit]"),
        *verify_options(),
        option(["--stores"], multiple=True, metavar="NAME", help="Link findings to a secret manager (comes later)."),
        _on("--exit-zero", "Exit 0 in place of 1."),
        _on("--allow-incomplete", "Exit 0 in place of 3."),
        option(["--require-complete"], type=click.Choice(["strict"]), help="Count what was excluded as missing, too."),
        option(["--cache/--no-cache"], default=None, help="Keep what a history holds for the next scan.  [default: for your own]"),
        option(["-q", "--quiet"], is_flag=True, help="Say nothing on stderr but errors."),
        option(["-v", "--verbose"], count=True, help="Say more; twice for still more."),
    ]
    if ignore_files:
        parameters.insert(14, _off("--no-gitignore", "Scan files that git ignores, too.", "gitignore"))
    return parameters
