"""Workers: every unit answered once, a worker that dies loses one unit, nothing is left behind."""

import functools
import os
import signal
import time

import pytest

from leaksieve.parallel import Done, forked, pooled

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")


def echo(unit):
    return repr(unit).encode()


def build():
    return echo


def _ours():
    """Processes of ours that still run or were never waited for."""
    with open(f"/proc/self/task/{os.getpid()}/children") as file:
        return set(file.read().split())


@pytest.fixture(autouse=True)
def before(request):
    """What other tests' pools left running is not ours."""
    request.module.others = _ours() if os.path.exists("/proc/self/task") else None


def children():
    """Processes of this test that still run or were never waited for; None when there are none."""
    if others is None:
        try:
            return os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return None
    return _ours() - others or None


others = None


@pytest.mark.parametrize("jobs", [1, 2, 3, 4])
@pytest.mark.parametrize("count", [0, 1, 7, 200])
def test_every_unit_is_answered_once(jobs, count):
    units = [(number, b"x", None, ("y", number)) for number in range(count)]
    done = list(forked(iter(units), echo, jobs))
    assert sorted(done) == [Done(unit, echo(unit)) for unit in units]
    assert children() is None


@pytest.mark.parametrize("jobs", [1, 2, 4])
@pytest.mark.parametrize("how", ["exit", "raise", "kill"])
def test_a_worker_that_dies_loses_only_its_unit(jobs, how):
    def work(unit):
        if unit[0] % 10 == 3:
            if how == "exit":
                os._exit(7)
            if how == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            raise RuntimeError("must not be shown")
        return echo(unit)

    units = [(number,) for number in range(40)]
    done = {one.unit: one.result for one in forked(iter(units), work, jobs)}
    assert done == {unit: None if unit[0] % 10 == 3 else echo(unit) for unit in units}
    assert children() is None


@pytest.mark.parametrize("jobs", [1, 3])
def test_units_and_results_larger_than_a_pipe_do_not_lock(jobs):
    """Both ends full at once: a worker that answers at length while the parent hands it more at length."""
    units = [(number, bytes([number]) * 700_000) for number in range(9)]
    done = list(forked(iter(units), lambda unit: unit[1] * 2, jobs))
    assert sorted(one.unit[0] for one in done) == list(range(9))
    assert all(one.result == one.unit[1] * 2 for one in done)
    assert children() is None


@pytest.mark.parametrize("leave", ["close", "interrupt"])
def test_leaving_early_kills_the_workers(leave):
    """Ctrl-C or a caller that has enough: workers in the middle of something do not outlive the parent's interest."""

    def work(unit):
        if unit[0]:
            time.sleep(60)
        return b"first"

    began = time.monotonic()
    running = forked(((number,) for number in range(50)), work, 3)
    assert next(running) == ((0,), b"first")
    if leave == "close":
        running.close()
    else:
        with pytest.raises(KeyboardInterrupt):
            running.throw(KeyboardInterrupt())
    assert time.monotonic() - began < 20
    assert children() is None


def test_a_large_unit_reaches_its_worker_at_the_pace_of_the_pipe():
    """Piped input came in at a megabyte a second: the parent slept between one pipeful and the next."""
    unit = (0, bytes(16_000_000))
    began = time.monotonic()
    assert list(forked(iter((unit,)), lambda unit: str(len(unit[1])).encode(), 2)) == [(unit, b"16000000")]
    # Sleeping took 12 seconds, the pipe itself takes a few hundredths of one.
    assert time.monotonic() - began < 6
    assert children() is None


def test_planning_that_fails_leaves_no_workers():
    def units():
        yield (1,)
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        list(forked(units(), echo, 2))
    assert children() is None


def test_units_are_planned_lazily():
    """A worker holds a few units, never the whole plan."""
    planned = []

    def units():
        for number in range(1000):
            planned.append(number)
            yield (number,)

    running = forked(units(), lambda unit: time.sleep(0.01) or b"", 2)
    next(running)
    assert len(planned) < 100
    running.close()


def test_the_pool_answers_every_unit():
    units = [(number, b"z") for number in range(12)]
    expected = [Done(unit, echo(unit)) for unit in units]
    assert sorted(pooled(iter(units), functools.partial(_recipe), 2)) == expected


def _recipe():
    return lambda unit: repr(unit).encode()
