"""Log records: nothing secret is left in any part of one, whatever was logged and however it is written."""

from __future__ import annotations

import io
import logging
import logging.handlers
import pickle
import queue
import threading

import pytest
from tests.support import leaks

from leaksieve.logging import UNCHECKED, RedactingFilter

TOKEN = leaks.token().decode()
PASSWORD = leaks.password().decode()


@pytest.fixture(scope="module")
def redacting() -> RedactingFilter:
    return RedactingFilter(key=b"a key for tests")


def record(msg: object, *args: object, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("app", logging.INFO, "/x.py", 1, msg, args, None)
    made.__dict__.update(extra)
    return made


def everything(one: logging.LogRecord) -> str:
    return repr(one.__dict__) + logging.Formatter().format(one) + repr(one.__dict__)


def test_message_and_arguments(redacting):
    for one in (
        record(f"stripe {TOKEN}"),
        record("stripe %s and %d", TOKEN, 3),
        record("password=%s", PASSWORD),
        record("%(name)s logs in", {"name": "bob", "password": PASSWORD, "more": [TOKEN, {"deep": (TOKEN,)}]}),
        record("shown %.3s", TOKEN),
        record({"token": TOKEN}),
        record("bytes %r", TOKEN.encode()),
    ):
        assert redacting.filter(one) is True
        text = everything(one)
        assert TOKEN not in text
        assert PASSWORD not in text


def test_what_holds_nothing_stays_as_it_is(redacting):
    args = (3, "bob", None)
    one = record("%d %s %s", *args, user={"name": "bob"})
    user = one.__dict__["user"]
    assert redacting.filter(one)
    assert one.msg == "%d %s %s"
    assert one.args == args
    assert one.__dict__["user"] is user


def test_exceptions_and_stacks(redacting):
    out = io.StringIO()
    logger = logging.Logger("app")  # noqa: LOG001  not one of the process
    handler = logging.StreamHandler(out)
    handler.addFilter(redacting)
    logger.addHandler(handler)
    try:
        try:
            raise ValueError(f"inner {TOKEN}")
        except ValueError as error:
            raise RuntimeError("outer") from error
    except RuntimeError:
        logger.exception("failed", stack_info=True)
    text = out.getvalue()
    assert TOKEN not in text
    assert "RuntimeError: outer" in text
    assert "ValueError: inner [REDACTED:" in text
    try:
        raise ValueError("nothing in it")
    except ValueError:
        logger.exception("failed")
    assert "nothing in it" in out.getvalue()


def test_exception_itself_is_not_left_for_others(redacting):
    try:
        raise ValueError(TOKEN)
    except ValueError as error:
        one = logging.LogRecord("app", 10, "/x.py", 1, "m", (), (type(error), error, error.__traceback__))
    redacting.filter(one)
    assert one.exc_info is None
    assert TOKEN not in everything(one)


def test_extra_fields(redacting):
    one = record("m", token=TOKEN, password=PASSWORD, nested={"password": PASSWORD, "list": [TOKEN]}, count=3, data=TOKEN.encode())
    redacting.filter(one)
    assert TOKEN not in everything(one)
    assert PASSWORD not in everything(one)
    assert one.__dict__["count"] == 3


class Address:
    """Shows itself as libraries' addresses do: whole to a formatter, short to a debugger."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return "<Address>"


def test_objects_and_keys_that_hold_a_secret(redacting):
    clean, plain = Address("https://shop.example/"), object()
    one = record(
        "m", url=Address(f"https://x/{TOKEN}"), error=ValueError(TOKEN), deep=[{TOKEN: 1}, Address(TOKEN)], clean=clean, plain=plain, kept={"a": clean}
    )
    kept = one.__dict__["kept"]
    redacting.filter(one)
    fields = one.__dict__
    text = "".join(str(fields[name]) for name in ("url", "error", "deep")) + str(fields["deep"][1])
    assert TOKEN not in text
    assert "https://x/[REDACTED:" in text
    assert fields["clean"] is clean
    assert fields["plain"] is plain
    assert fields["kept"] is kept


def test_never_raises(redacting):
    class Hostile:
        def __str__(self) -> str:
            raise OSError(TOKEN)

        __repr__ = __str__

    circular: list[object] = [TOKEN]
    circular.append(circular)
    for one in (
        record("%d", "no number", token=TOKEN),
        record(f"{TOKEN} %d", TOKEN),
        record(Hostile(), token=TOKEN),
        record("%s", Hostile()),
        record("m", circular=circular),
    ):
        assert redacting.filter(one) is True
        assert TOKEN not in "".join(str(value) for value in one.__dict__.values() if not isinstance(value, (Hostile, tuple)))
    one = record(Hostile())
    redacting.filter(one)
    assert one.msg == UNCHECKED


def test_through_a_queue(redacting):
    passed: queue.Queue[logging.LogRecord] = queue.Queue()
    handler = logging.handlers.QueueHandler(passed)
    handler.addFilter(redacting)
    handler.handle(record("password=%s", PASSWORD, token=TOKEN))
    got = passed.get()
    assert TOKEN not in everything(got)
    assert PASSWORD.encode() not in pickle.dumps(got.__dict__)


def test_threads(redacting):
    wrong = []

    def work(seed: int) -> None:
        mine = leaks.token(seed).decode()
        for _ in range(20):
            one = record("stripe %s", mine)
            redacting.filter(one)
            if mine in one.getMessage() or "[REDACTED:" not in one.getMessage():
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_other_loggers_are_left_alone():
    named = RedactingFilter("web", redactor=RedactingFilter()._redactor)
    one = record(TOKEN)
    assert named.filter(one) is True
    assert one.msg == TOKEN
