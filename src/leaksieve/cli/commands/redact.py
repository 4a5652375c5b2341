"""``leaksieve redact``: a stream with its secrets replaced."""

from __future__ import annotations

from typing import Any

import click

from leaksieve.model import CONFIDENCES, SEVERITIES

_ABOUT = """Copy standard input to standard output with every secret replaced by a placeholder.

    Lines are passed on as soon as they are whole. The same secret has the same placeholder within
    a run, and in every run with the same LEAKSIEVE_KEY. All other bytes and all line breaks stay
    as they are. Exit 0 whatever was replaced, unless --fail-on is given."""


@click.command("redact", help=_ABOUT)
@click.option("--confidence", type=click.Choice(CONFIDENCES), help="Replace what is a secret with this confidence or more.  [default: medium]")
@click.option("--fail-on", type=click.Choice(SEVERITIES), help="Exit 1 if a secret of this severity or more was replaced.")
@click.option("-c", "--config", metavar="FILE", help="Configuration file; that of a repository is not looked for.")
@click.option("--enable", multiple=True, metavar="RULE", help="Run only the rules with this id or glob.")
@click.option("--disable", multiple=True, metavar="RULE", help="Do not run the rules with this id or glob.")
@click.option("--rules", multiple=True, metavar="PATH", help="Further rule file or folder.")
@click.option("--engine", type=click.Choice(["auto", "aho-corasick", "hyperscan"]), help="Prefilter; both give the same result.  [default: auto]")
@click.option("-j", "--jobs", metavar="N", help="Processes, once there is much to do.  [default: what the container's quota allows]")
@click.option("--max-decode-depth", metavar="N", help="Encodings to peel off one after another.  [default: 3]")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing on stderr but errors.")
@click.option("-v", "--verbose", count=True, help="Say how much was replaced.")
def command(fail_on: str | None, quiet: bool, verbose: int, **given: Any) -> int:
    """Redact the stream."""
    from leaksieve.cli.redaction import redact_stdin
    from leaksieve.cli.request import Options

    options = Options(repo_config=False, verbosity=-1 if quiet else min(verbose, 2), **given)
    return redact_stdin(options, fail_on)
