"""Regular expressions of other tools as those an allow entry takes."""

from __future__ import annotations


def python_pattern(source: str) -> str | None:
    """Return a pattern of Go's syntax as one that means the same here: as it stands where that does; None where it does not compile."""
    from leaksieve.ruleset.foreign_print import printed
    from leaksieve.ruleset.foreign_regex import read_regex

    try:
        tree = read_regex(source).tree
    except ValueError:
        return None
    # What both read alike stays as its author wrote it.
    if source.isascii() and not any(
        mark in source for mark in ("(?", "[[:", "\\p", "\\P", "\\Q", "\\z", "\\C", "$", "\\b", "\\B", "\\h", "&&", "--", "~~", "||")
    ):
        return source if _compiles(source) else None
    made = printed(tree, narrow=source.isascii())
    return made if _compiles(made) else None


def checked(source: str) -> str | None:
    """Return a pattern of Python's syntax if it compiles."""
    return source if _compiles(source) else None


def _compiles(source: str) -> bool:
    import regex

    try:
        regex.compile(source.encode())
    except (regex.error, RecursionError, OverflowError):
        return False
    return True
