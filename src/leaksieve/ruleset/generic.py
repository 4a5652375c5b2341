"""Hard rules for generic values: what is certainly no password, token or key, whatever it weighs.

Candidates are matched wide.  Code, references to a secret kept elsewhere, prose, plain numbers and known-safe
shapes end here, cheaply; the rest is weighed by the scorer.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

from leaksieve.ruleset.named import NAME_BYTES, name_at_end
from leaksieve.ruleset.safe import machine_made, shape, translated

# Last words of names that hold something else than the secret itself.
_LAST_WORDS = frozenset(
    b"hash hashed digest field label placeholder hint text input url urls uri uris path paths file files filename dir name names length len size min max"
    b" policy regex pattern format type types kind class style icon title message msg error errors err id ids uuid arn ref reference prompt column col table"
    b" valid validator validation verify verified verification check strength expiry expires expired expiration expire exp ttl timeout count limit index idx env var variable"
    b" enable enabled disable disabled required optional encoding encoder header headers param params parameter parameters attr attribute prop property option options scheme method mode"
    b" manager provider service store storage factory builder handler callback listener reset change update forgot algorithm alg"
    b" version created updated modified rotate rotated rotation status state source target start end pos position offset range stream list set map"
    b" usage description desc help doc docs info comment helper util generator command cmd script public pub prefix suffix".split()
)
# Those of them that may be glued to the word before (passwordfield); shorter ones end other words (admin).
_ENDINGS = tuple(word for word in sorted(_LAST_WORDS) if len(word) >= 5)
# Words anywhere in a name that say the same: labels and messages of a user interface, what is public, what is encrypted.
_OTHER_WORDS = frozenset(
    b"label tooltip title advice hint placeholder toggle show hide invalid forgot message msg error help prompt caption heading notice public pubkey encrypted ciphertext cipher"
    b" wrapped masked obfuscated matching mismatch policy continuation pagination next idempotency cursor csrf xsrf authenticity".split()
)
# What one of a name's words must look like: a rule's word may stand in the middle of any other (keyboard, capital, credit, tokenizer).
_CREDENTIAL = re.compile(
    rb"(?:.*(?:(?<!mon)(?<!tur)(?<!don)(?<!hot)(?<!joc)(?<!hoc)(?<!whis)key|secret|token|credential|(?<!sa)cred|auth|passw(?:or)?d|passwort|pass|pwd|phrase|passcode|(?<!ba)salt|nonce)s?"
    rb"|api(?!ar|ece|ary)[a-z]*|pass[a-z]*|pwd[a-z]*|auth(?!or(?!iz|is)|entic(?!at))[a-z]*|secret(?!ar|ion|ly)[a-z]*|token(?!iz|is)[a-z]*|cred(?!it|ib|o)[a-z]*)\Z"
)


# A value taken from elsewhere: environment, templates, stores, calls, members.
@cache
def _reference() -> re.Pattern[bytes]:
    return re.compile(
        rb"(?i)^(?:[$@%]\w+$|\$\{|\{|<|\*|&[a-z]|\\$|//?[a-z]+/|\.{1,2}/|https?://|file:|vault:|ref\+|op://|arn:|env[.:(\[]|enc\[|projects/|secret://|kms:|sops:|data:)"
        rb"|\$\{|\{\{|\}\}|%\(|%[sd]\b|<%|\$\(|os\.environ|getenv|process\.env|System\.getProperty|secretKeyRef|AWS::|!Ref|!Sub|self\.|this\.|config\.|settings\.|request\.|"
        rb"::|->|=>|\(\)|&&|\|\||==(?!$)|!=|\+=|\" ?\+|' ?\+|\+ ?\"|\+ ?'"
    )


_CODE = re.compile(rb"^[A-Za-z_][A-Za-z0-9_]*(?:(?:\.|::|->)[A-Za-z_][A-Za-z0-9_]*)+[;,)]*$")
_IDENTIFIER = re.compile(rb"^[A-Za-z_]+(?:[_-][A-Za-z]+)*[0-9]?$")
_PIECES = re.compile(rb"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_UUID = re.compile(rb"(?i)^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
_UUID_NAME = re.compile(rb"(?i)token|secret|passw|credential|key|auth|session|pwd")
_DIGIT = re.compile(rb"[0-9]")
_DIGITS = re.compile(rb"^[0-9]{6,20}$")
_DATE_OR_NUMBER = re.compile(rb"^[-+]?[0-9][0-9_.,:/TZ -]*$|^0x[0-9a-fA-F]{1,16}$|^[v^~]?[0-9]+(?:\.[0-9]+)+(?:[-.+][A-Za-z0-9.+-]*|[a-z0-9]*)$")
_PATH = re.compile(rb"^[\w.~-]*(?:/[\w.@{}$-]+){2,}/?$|^[\w.-]+\.(?:pem|key|crt|json|ya?ml|txt|js|py|go|java|php|html?|css|cfg|conf|ini|xml|sh|rb|ts|md)$")
_MIXED = re.compile(rb"^[A-Za-z0-9+/]{24,}={0,2}$")
# A name that begins with a type's or a resource's: AWS::IAM::AccessKey, arn:aws:...:secret (told by the account's number where the rest is far).
_TYPE = re.compile(rb"::[\w:./-]*\Z|:[0-9]{12}:\Z|(?i:arn|urn):[\w:*/.-]*\Z")
# Words run together, each of three letters or more: what names are made of, and a random value not once in a hundred.
_CAMEL = re.compile(rb"(?=.{12})[A-Za-z]?[a-z]{2,}(?:[A-Z]{1,4}[a-z]{2,})+[A-Z]{0,4}[0-9]{0,2}\Z")
# What `leaksieve redact` puts in place of a secret begins so, and goes on with the id of a rule (github-classic-token) and a tag.
_REDACTED = b"[REDACTED:"
# `"password", "value"`: the name is the word itself, with nothing glued to its end.
_NAME = re.compile(rb"(?:(?:ENV|ARG|define)[ \t]+)?([A-Za-z0-9_.-]{1,64})")
_NAME_ALONE = re.compile(rb"(?i)[a-z0-9_ .-]{3,24}[\"'`\])]{1,3}[ \t]*,")


# Files whose language has no bare strings.
@cache
def _program() -> re.Pattern[bytes]:
    return re.compile(
        rb"(?i)\.(?:py|pyi|pyx|js|jsx|mjs|cjs|ts|tsx|java|kt|kts|scala|groovy|go|c|h|cc|cpp|cxx|hpp|hh|m|mm|cs|fs|vb|rb|php|rs|swift|dart|lua|pl|pm|r|jl|ex|exs|erl|hs|clj|sol|vue|svelte"
        rb"|ipynb|sql|ps1|psm1|html?|xhtml|jsp|asp|aspx|erb|css|scss|less|map|s|asm|v|sv|proto|graphql|pyc|el|lisp|scm|ml|mli|nim|zig|awk|tcl|cmake)\Z"
    )


def impossible(rule_id: str, head: bytes, secret: bytes, after: bytes, before: bytes) -> str:
    """Why a value is certainly no credential ("" if it may be one).

    ``head`` is the rule's match up to the value, ``before`` and ``after`` are what stands around.
    """
    quoted = head[-1:] in (b'"', b"'", b"`", b";")
    # From cheap to dear: nearly every candidate is code and ends in the first lines.
    if not _assigned(before, head, quoted, secret, after):
        return "expression"
    if not quoted and _CODE.match(secret):
        return "not-a-value"
    size = len(secret)
    password = rule_id == "generic-password"
    if not password and _CAMEL.match(secret):
        return "identifier"
    if size < (4 if password else 6) or size > (80 if password else 400):
        return "length"
    if b" " in secret and (not password or secret.count(b" ") > 3 or _wordy(secret)):
        return "prose"
    if b"[" in before and before.rstrip(NAME_BYTES).endswith(_REDACTED):
        return "placeholder"
    if (b":" in before and _TYPE.search(before[-48:])) or b"::" in head:
        return "type-name"
    if _reference().search(secret):
        return "reference"
    if _DATE_OR_NUMBER.match(secret) and not (quoted and password and _DIGITS.match(secret)):
        return "not-a-value"
    if _PATH.match(secret) and not (_MIXED.match(secret) and not _wordy(secret)):
        return "not-a-value"
    if shape(secret) or (size == 36 and _UUID.match(secret) and not _UUID_NAME.search(head)):
        return "known-safe-shape"
    if _about(before, head):
        return "name"
    if max(secret) > 127 and _foreign(secret):
        return "prose"
    lowered = secret.lower()
    if len(set(lowered)) < 4:
        return "placeholder"
    return ""


def _about(before: bytes, head: bytes) -> bool:
    """Whether the name is that of something about a secret, or of something that only sounds like one."""
    left, rest = name_at_end(before)[-48:], _NAME.match(head)
    name = left + rest[1] if rest else left
    public = before[-8:].rstrip().lower().endswith(b"public")
    return _PIECES.search(name) is not None if public else _of_another(name)


@lru_cache(maxsize=2048)
def _of_another(name: bytes) -> bool:
    """Whether a name, as far as it is known, is not that of a secret; files repeat theirs."""
    pieces = [piece.lower() for piece in _PIECES.findall(name)]
    if not pieces:
        return False
    last = pieces[-1]
    return (
        last in _LAST_WORDS
        or last.endswith(_ENDINGS)
        or not _OTHER_WORDS.isdisjoint(pieces)
        or not any(map(_CREDENTIAL.match, pieces))
        or b"clientrequesttoken" in b"".join(pieces)
    )


def is_about(name: bytes) -> bool:
    """Whether a value with this whole name is never a generic credential: the name says something about one, or only sounds like one."""
    return _about(b"", name)


def _foreign(secret: bytes) -> bool:
    """Whether a value is text in a language with other letters than English: passwords have them seldom, translations always."""
    text = secret.decode("utf-8", "replace")
    letters = sum(character.isalpha() and character > "\x7f" for character in text)
    return letters > (2 if any(character.isdigit() for character in text) else 0) and "\ufffd" not in text[:-1]


def implausible(rule: dict[str, Any], secret: bytes, match: Any, begin: int = -1) -> str:
    """Why a value matched by a generic rule is no credential, or what it weighs: "?" and more (see ``scorer``), if the path may decide.

    ``begin`` is where the assigned name begins, if that is not where the match does.
    """
    text, begin = match.string, match.start() if begin < 0 else begin
    start, end = match.span("secret")
    reason = impossible(rule["id"], text[begin:start], secret, text[end : end + 4], text[max(begin - 48, 0) : begin])
    if reason:
        return reason
    from leaksieve.ruleset.scorer import weigh  # its tables are loaded when something got this far

    return weigh(text, begin, start, end)


def placed(verdict: str, path: bytes) -> tuple[str, str]:
    """Why a value with this verdict is no finding at a path ("" if it is one), and how sure that is."""
    if machine_made(path):
        return "path", ""
    if verdict[2] == "b" and bare_is_code(path):
        return "identifier", ""
    if verdict[3] == "w" and translated(path):
        return "prose", ""
    from leaksieve.ruleset.scorer import judge

    confidence = judge(verdict, path)
    return ("", confidence) if confidence else ("weak", "")


def _assigned(before: bytes, head: bytes, quoted: bool, secret: bytes, after: bytes) -> bool:
    """Whether the operator assigns: an argument must be quoted and named by the word alone, an element's text must be closed."""
    text = head.rstrip(b" \t\"'`\\rbuf")
    operator = text[-1:]
    if operator == b",":
        return (
            quoted
            and (_NAME_ALONE.match(head) is not None or before[-1:] == b":")
            and secret[:1] not in (b"-", b"+", b".", b"<")
            and _DIGIT.search(secret) is not None
        )
    if operator == b"(":
        return quoted
    if quoted:
        return True
    return operator != b">" or text.endswith(b"=>") or after[:2] == b"</"


def _wordy(value: bytes) -> bool:
    """Whether a value reads as words: long alphabetic pieces, few digits (camelCase, snake_case, plain text)."""
    pieces = _PIECES.findall(value)
    letters = [piece for piece in pieces if piece.isalpha()]
    total = sum(map(len, letters))
    return bool(letters) and total >= 0.75 * len(value.replace(b" ", b"")) and total / len(letters) >= 3.5


@lru_cache(maxsize=64)
def bare_is_code(path: bytes) -> bool:
    """Whether a value without quotes in this file is an expression and not a string."""
    return _program().search(path) is not None
