"""``RedactingFilter``: log records with their secrets replaced before a handler writes them.

>>> import logging
>>> from leaksieve.logging import RedactingFilter
>>> handler = logging.StreamHandler()
>>> handler.addFilter(RedactingFilter())

Put it on handlers: a filter of a logger does not see the records of the loggers below it.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence

from leaksieve.config import Config
from leaksieve.redaction.texts import Redactor

# What every record has; all else was given as extra.
_USUAL = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {"message", "asctime", "taskName"}
UNCHECKED = "[REDACTED: this record could not be checked]"


class RedactingFilter(logging.Filter):
    """Replaces secrets in a record's message, arguments, exception, stack and extra fields by placeholders.

    Lets every record through and never raises: a record that cannot be checked keeps its place and loses its
    content.  ``confidence`` says how sure a match must be (low, medium, high); ``rules`` names further rule files; with a
    ``key`` placeholders are the same in every process that has it; ``redactor`` is used in place of a new one.
    """

    def __init__(
        self, name: str = "", *, confidence: str = "medium", rules: Sequence[str] = (), key: bytes | None = None, redactor: Redactor | None = None
    ) -> None:
        super().__init__(name)
        self._redactor = redactor or Redactor(Config(confidence=confidence, rules=tuple(rules)), key)

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact the record in place; always True.  Records of other loggers than ``name`` stay as they are."""
        if not super().filter(record):
            return True
        try:
            self._redact(record)
        except Exception:
            _empty(record)
        return True

    def _redact(self, record: logging.LogRecord) -> None:
        redactor = self._redactor
        self._message(record)
        if record.exc_info and record.exc_info != (None, None, None) and not record.exc_text:
            text = _told(record.exc_info)
            redacted = redactor.text(text)
            if redacted is not text:
                # Formatters write the text if there is one; those that look at the exception itself must not find it.
                record.exc_text = redacted
                record.exc_info = None
        elif record.exc_text:
            redacted = redactor.text(record.exc_text)
            if redacted is not record.exc_text:
                record.exc_text, record.exc_info = redacted, None
        if record.stack_info:
            record.stack_info = redactor.text(record.stack_info)
        fields = record.__dict__
        if len(fields) > len(_USUAL) - 3:
            for name in [name for name in fields if name not in _USUAL]:
                fields[name] = redactor.value(fields[name], name)
        if "message" in fields:
            # Written by a handler before this one.
            fields["message"] = redactor.text(str(fields["message"]))

    def _message(self, record: logging.LogRecord) -> None:
        redactor = self._redactor
        try:
            text = record.getMessage()
        except Exception:
            # The handler would print message and arguments as they are.
            record.msg, record.args = redactor.text(f"{record.msg!r} with arguments that do not fit: {record.args!r}"), None
            return
        redacted = redactor.text(text)
        if redacted is not text:
            record.msg, record.args = redacted, None
        elif record.args and not _shown(record.args, text):
            # Some handlers send the arguments along by themselves, and the message need not show all of them.
            record.args = redactor.value(record.args)


def _shown(args: object, text: str) -> bool:
    """Whether arguments say nothing that the message, which is clean, does not show."""
    return isinstance(args, tuple) and all(isinstance(arg, (int, float)) or (isinstance(arg, str) and arg in text) for arg in args)


def _told(exc_info: tuple[type[BaseException], BaseException, object] | tuple[None, None, None]) -> str:
    return "".join(traceback.format_exception(exc_info[1])).rstrip("\n")


def _empty(record: logging.LogRecord) -> None:
    record.msg, record.args = UNCHECKED, None
    record.exc_info = record.exc_text = record.stack_info = None
    for name in [name for name in record.__dict__ if name not in _USUAL]:
        record.__dict__[name] = UNCHECKED
    if "message" in record.__dict__:
        record.__dict__["message"] = UNCHECKED
