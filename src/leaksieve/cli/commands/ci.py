"""``leaksieve ci``: scans what a CI job is run for."""

from __future__ import annotations

import click

from leaksieve.cli.ci.job import HOSTS
from leaksieve.cli.options import common
from leaksieve.cli.request import Options
from leaksieve.errors import UsageError


@click.command(
    "ci",
    help="""Scan what a CI job is run for, as the host's variables tell it: what a change or a push brings in,
    and in other jobs the whole history.

    In a change that is still to be reviewed, configuration, baselines and rules are those of the commit it is made against.""",
)
@click.argument("repo", required=False, default=".")
@click.option("--provider", type=click.Choice([*HOSTS]), help="The host.  [default: the one whose variables are there]")
@click.option("--base", metavar="REV", default="", help="What the change is made against, in place of what the host says.")
@click.option("--head", metavar="REV", default="", help="The change.  [default: HEAD]")
@click.option("--whole", is_flag=True, help="Scan the whole history, whatever the job is run for.")
@click.option("--fetch", is_flag=True, help="Let git fetch from origin what a shallow checkout lacks.")
@click.option("--inline-allow", "comments", is_flag=True, help="Let comments in a change allow findings; its reviewers see them.")
@common()
def command(options: Options, repo: str, provider: str | None, base: str, head: str, whole: bool, fetch: bool, comments: bool) -> int:
    """Ask the host's variables, then scan."""
    import os

    from leaksieve.cli.ci.job import Job, given, host_of, job_of
    from leaksieve.cli.ci.run import scan_job

    if (base or head) and (whole or provider):
        raise UsageError("--base and --head say what to scan; leave out --whole and --provider")
    if head and not base:
        raise UsageError("--head needs --base", hint="`leaksieve git --branch REV` scans all that leads to a commit")
    if comments and options.inline_allow is False:
        raise UsageError("--inline-allow and --no-inline-allow contradict each other")
    if whole:
        job = Job("job", whole=True, heads=("HEAD",))
    elif base:
        job = given(base, head or "HEAD")
    else:
        job = job_of(provider or host_of(os.environ), os.environ)
    return scan_job(options, repo, job, fetch=fetch, inline_allow=comments)
