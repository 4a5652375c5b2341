"""Checks one value against its field; the same for a TOML file and a command-line option."""

from __future__ import annotations

from leaksieve.config.fields import Field

UNITS = {"": 1, "b": 1, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
TIMES = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
NO_VALUE = "must not be empty"


def check(field: Field, value: object) -> object:
    """Return the value as the record keeps it.

    Raises ValueError with the rest of a sentence that begins with the key's name
    ("must be ... (got ...)").
    """
    if field.unset and value == field.unset:
        return None
    match field.kind:
        case "flag":
            if isinstance(value, bool):
                return value
            raise wrong("true or false", value)
        case "choice":
            if isinstance(value, str) and value in field.choices:
                return value
            raise wrong("one of " + ", ".join(choice or '""' for choice in field.choices), value)
        case "integer":
            return _number(field, value)
        case "size":
            return _size(field, value)
        case "seconds":
            return _seconds(field, value)
        case "text":
            return text(value)
        case "date":
            return date(value)
        case "lock":
            return lock(value)
        case "addresses":
            return addresses(value)
        case "names":
            return strings([value] if isinstance(value, str) else value)
    return strings(value)


def wrong(wanted: str, value: object) -> ValueError:
    """Build the error for a value of the wrong type or out of range."""
    return ValueError(f"must be {wanted} (got {_shown(value)})")


def text(value: object) -> str:
    """Accept one line of text that is not blank."""
    if not isinstance(value, str):
        raise wrong("a text", value)
    if not value.strip():
        raise ValueError(NO_VALUE)
    if not value.isprintable():
        raise ValueError("must not hold control characters")
    return value


def date(value: object) -> str:
    """Accept a day, as TOML's own date or as text; returned as YYYY-MM-DD."""
    import datetime as dt

    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value.isoformat()
    try:
        if isinstance(value, str) and len(value) == 10:
            return dt.date.fromisoformat(value).isoformat()
    except ValueError:
        pass
    raise wrong("a day such as 2027-01-31", value)


def lock(value: object) -> str:
    """Accept the hash of a ruleset, as ``leaksieve rules lock`` writes it."""
    from leaksieve.config.lock import FORM

    if isinstance(value, str) and FORM.fullmatch(value):
        return value
    raise wrong('"sha256:" and 64 hexadecimal digits, as `leaksieve rules lock` writes it', value)


def addresses(value: object) -> dict[str, tuple[str, ...]]:
    """Accept a table of https (or http) addresses by name, one or a list for each."""
    if not isinstance(value, dict):
        raise wrong("a table of addresses by name", value)
    found = {}
    for name, held in value.items():
        found[name] = strings([held] if isinstance(held, str) else held)
        if not found[name] or not all(one.startswith(("https://", "http://")) for one in found[name]):
            raise ValueError(f'must hold addresses such as "https://gitlab.example.com" (see `{name}`)')
    return found


def strings(value: object) -> tuple[str, ...]:
    """Accept a list of texts, none of them blank."""
    if not isinstance(value, list | tuple):
        raise wrong("a list of texts", value)
    for item in value:
        if not isinstance(item, str):
            raise wrong("a list of texts", item)
        if not item.strip():
            raise ValueError("must not hold empty texts")
        if "\0" in item or "\n" in item:
            raise ValueError("must not hold line breaks or NUL characters")
    return tuple(value)


def _number(field: Field, value: object) -> int:
    wanted = f"a whole number from {field.least:g} to {field.most:g}"
    if field.unset:
        wanted += f', or "{field.unset}"'
    number = value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        number = int(value)
    if isinstance(number, bool) or not isinstance(number, int) or not field.least <= number <= field.most:
        raise wrong(wanted, value)
    return number


def _size(field: Field, value: object) -> int:
    number: object = value
    if isinstance(value, str):
        amount = _with_unit(value, UNITS)
        number = None if amount is None else int(amount)
    if isinstance(number, bool) or not isinstance(number, int) or not field.least <= number <= field.most:
        raise wrong('a size of at least 1 byte and at most 1 TiB, such as 1048576 or "100 MiB"', value)
    return number


def _seconds(field: Field, value: object) -> float:
    number: object = value
    if isinstance(value, str):
        number = _with_unit(value, TIMES)
    if isinstance(number, bool) or not isinstance(number, int | float) or not field.least <= number <= field.most:
        wanted = 'a time of at least 10 ms and at most a week, such as 2, 0.5 or "90s"'
        if field.unset:
            wanted += f', or "{field.unset}"'
        raise wrong(wanted, value)
    return float(number)


def _with_unit(value: str, units: dict[str, float] | dict[str, int]) -> float | None:
    value = value.strip()
    digits = value.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    unit = units.get(value[len(digits) :].lower())
    # float() also takes "nan", "1_0", "inf" and other scripts' digits.
    if unit is None or not digits or any(char not in "0123456789. " for char in digits):
        return None
    try:
        return float(digits) * unit
    except ValueError:
        return None


def _shown(value: object) -> str:
    """Describe a value without repeating all of a long or multi-line one."""
    if isinstance(value, str):
        return f'"{value}"' if value.isprintable() and len(value) <= 60 else f"a text of {len(value)} characters"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value) if abs(value) < 1e18 else "a very large number"
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a table"
    return f"a {type(value).__name__}"
