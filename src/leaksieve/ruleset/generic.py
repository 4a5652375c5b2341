"""Plausibility of generic values: is what is assigned to a password, token or key a value at all?

Candidates are matched wide.  Here the name says what kind of value to expect, and the value must not
be code, a reference to a secret kept elsewhere, a placeholder, a plain word or a known-safe shape.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from leaksieve.ruleset.values import BARE, entropy


# Names that hold one of the words and something else than the secret itself.
@cache
def _name_of_something_else() -> re.Pattern[bytes]:
    return re.compile(
        rb"(?i)(?:_|-|\.|(?<=[a-z])(?=[A-Z]))?(?:hash(?:ed)?|digest|field|label|placeholder|hint|text|input|url|uri|path|file(?:name)?|dir|name|length|len|size|min|max|"
        rb"policy|regex|pattern|format|type|kind|class|style|icon|title|message|msg|error|err|id|ids|uuid|arn|ref|reference|prompt|column|col|table|"
        rb"valid(?:ator|ation)?|verif(?:y|ied|ication)|check|strength|expir(?:y|es|ed|ation|e)?|ttl|timeout|count|limit|index|idx|env|var|variable|"
        rb"enabled?|disabled?|required|optional|encoding|encoder|header|param(?:eter)?s?|attr(?:ibute)?|prop(?:erty)?|option|scheme|method|mode|"
        rb"manager|provider|service|store|storage|factory|builder|handler|callback|listener|reset|change|update|forgot|confirm(?:ation)?_?url|algorithm|alg|"
        rb"version|created|updated|modified|rotat(?:e|ed|ion)|status|state|source|target|start|end|pos(?:ition)?|offset|range|stream|list|set|map|s3|"
        rb"usage|description|desc|help|doc|docs|info|comment|test|helper|util|generator|command|cmd|script|public|pub)\\{0,2}[\"'`\])]*[ \t]*(?:[=:(,>?|<]|$)"
    )


# A value taken from elsewhere: environment, templates, stores, calls, members.
@cache
def _reference() -> re.Pattern[bytes]:
    return re.compile(
        rb"(?i)^(?:[$@%]|\{|<|\*|&[a-z]|#|\\$|!|~|//?[a-z]|\.{1,2}/|https?://|file:|vault:|ref\+|op://|arn:|env[.:(\[]|enc\[|projects/|secret://|kms:|sops:|data:)"
        rb"|\$\{|\{\{|\}\}|%\(|%[sd]\b|<%|\$\(|os\.environ|getenv|process\.env|System\.getProperty|secretKeyRef|AWS::|!Ref|!Sub|self\.|this\.|config\.|settings\.|request\.|"
        rb"::|->|=>|\(\)|&&|\|\||==|!=|\+=|\" ?\+|' ?\+|\+ ?\"|\+ ?'"
    )


_CODE = re.compile(rb"^[A-Za-z_][A-Za-z0-9_]*(?:(?:\.|::|->)[A-Za-z_][A-Za-z0-9_]*)+[;,)]*$")
_IDENTIFIER = re.compile(rb"^[A-Za-z_]+(?:[_-][A-Za-z]+)*[0-9]?$")
_PIECES = re.compile(rb"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_UUID = re.compile(rb"(?i)^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
_DATE_OR_NUMBER = re.compile(rb"^[-+]?[0-9][0-9_.,:/TZ -]*$|^0x[0-9a-fA-F]{1,16}$|^v?[0-9]+(?:\.[0-9]+)+[a-z0-9.-]*$")
_PATH = re.compile(rb"^[\w.~-]*(?:/[\w.@{}$-]+){2,}/?$|^[\w.-]+\.(?:pem|key|crt|json|ya?ml|txt|js|py|go|java|php|html?|css|cfg|conf|ini|xml|sh|rb|ts|md)$")
_HASH = re.compile(rb"^(?:\$2[abxy]?\$|\$[156]\$|\$argon2|\{(?:SSHA|SHA|MD5|bcrypt)\}|sha(?:1|256|384|512)[-:]|md5[-:]|pbkdf2)")
# `"password", "value"`: the name is the word itself, with nothing glued to its end.
_NAME_ALONE = re.compile(rb"(?i)[a-z_ .-]{3,16}[\"'`\])]{1,3}[ \t]*,")


# Files whose language has no bare strings.
@cache
def _program() -> re.Pattern[bytes]:
    return re.compile(
        rb"(?i)\.(?:py|pyi|pyx|js|jsx|mjs|cjs|ts|tsx|java|kt|kts|scala|groovy|go|c|h|cc|cpp|cxx|hpp|hh|m|mm|cs|fs|vb|rb|php|rs|swift|dart|lua|pl|pm|r|jl|ex|exs|erl|hs|clj|sol|vue|svelte"
        rb"|ipynb|sql|ps1|psm1|html?|xhtml|jsp|asp|aspx|erb|css|scss|less|map|s|asm|v|sv|proto|graphql|pyc|el|lisp|scm|ml|mli|nim|zig|awk|tcl|cmake)\Z"
    )


_STAND_INS = frozenset(
    b"none null nil true false undefined password passwd secret token apikey api_key string boolean integer default required optional unknown empty missing"
    b" hidden masked private public username user admin root test testing changeit change_it letmein value values foobar foo bar baz".split()
)


def implausible(rule: dict[str, Any], secret: bytes, match: Any) -> str:
    """Why a value matched by a generic rule is no credential ("" if it may be one)."""
    begin = match.start()
    head = match.string[begin : match.start("secret")]
    quoted = head[-1:] in (b'"', b"'", b"`", b";")
    # From cheap to dear: nearly every candidate is code and ends in the first lines.
    if not _assigned(head, quoted, secret, match):
        return "expression"
    if _CODE.match(secret):
        return "not-a-value"
    if not quoted and _IDENTIFIER.match(secret):
        return "identifier"
    verdict = _password(secret, quoted) if rule["id"] == "generic-password" else _key(secret, quoted)
    if verdict and verdict != BARE:
        return verdict
    if match.string[max(begin - 2, 0) : begin] == b"::":
        return "type-name"
    if _DATE_OR_NUMBER.match(secret) or _PATH.match(secret):
        return "not-a-value"
    if _HASH.match(secret) or _UUID.match(secret):
        return "known-safe-shape"
    if _reference().search(secret):
        return "reference"
    if _name_of_something_else().search(head):
        return "name"
    lowered = secret.lower()
    if lowered in _STAND_INS or len(set(lowered)) < 4:
        return "placeholder"
    return verdict


def _assigned(head: bytes, quoted: bool, secret: bytes, match: Any) -> bool:
    """Whether the operator assigns: an argument must be quoted and named by the word alone, an element's text must be closed."""
    text = head.rstrip(b" \t\"'`\\rbuf")
    operator = text[-1:]
    if operator == b"," or (operator == b"(" and b"." in text):
        return quoted and operator == b"," and _NAME_ALONE.match(head) is not None and secret[:1] not in (b"-", b"+", b".", b"<")
    if quoted:
        return True
    if operator == b"(":
        return False
    return operator != b">" or text.endswith(b"=>") or match.string[match.end("secret") : match.end("secret") + 2] == b"</"


def _password(secret: bytes, quoted: bool) -> str:
    if len(secret) < 6 or len(secret) > 80:
        return "length"
    if b" " in secret and (_wordy(secret) or secret.count(b" ") > 3):
        return "prose"
    if _IDENTIFIER.match(secret) and (not quoted or not any(48 <= byte <= 57 for byte in secret)):
        # A plain word: in code it names a variable, in a configuration file it may well be a weak password.
        return "word" if quoted else "identifier"
    return "" if quoted else BARE


def _key(secret: bytes, quoted: bool) -> str:
    if len(secret) < 12:
        return "length"
    if b" " in secret:
        return "prose"
    if _wordy(secret) or _IDENTIFIER.match(secret):
        return "word"
    classes = sum((any(97 <= b <= 122 for b in secret), any(65 <= b <= 90 for b in secret), any(48 <= b <= 57 for b in secret)))
    if classes < 2 or entropy(secret) < 3.0:
        return "low-entropy"
    return "" if quoted else BARE


def _wordy(value: bytes) -> bool:
    """Whether a value reads as words: long alphabetic pieces, few digits (camelCase, snake_case, plain text)."""
    pieces = _PIECES.findall(value)
    letters = [piece for piece in pieces if piece.isalpha()]
    total = sum(map(len, letters))
    return bool(letters) and total >= 0.75 * len(value.replace(b" ", b"")) and total / len(letters) >= 3.5


def bare_is_code(path: bytes) -> bool:
    """Whether a value without quotes in this file is an expression and not a string."""
    return _program().search(path) is not None
