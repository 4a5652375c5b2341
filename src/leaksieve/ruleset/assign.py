"""The syntax between a name and the value it is given, shared by every rule that knows its secret by name.

The pieces stay in the subset that ``re``, ``regex`` and Hyperscan read alike (literals, classes,
bounded repeats), because the same text is confirmed by ``regex`` and, as a gate, found by Hyperscan.
None of them consumes a line break.
"""

from __future__ import annotations

# What may follow the keyword inside the name itself: DATADOG + _API_KEY_PROD.
TAIL_LENGTH = 32
NAME_TAIL = rf"[\w.\-]{{0,{TAIL_LENGTH}}}"
# What closes the name: quotes (perhaps escaped), brackets, a closing tag or call, Rust/TypeScript/Go type words before `=`.
NAME_END = r"(?:\\{0,2}[\"'`\])]|&(?:quot|#3[49]|#x2[27]);){0,3}[ \t]{0,24}"
# `name: Type = value`, `name = value`, `name := value`, `"name": value`, `name => value`, `<name>value`, `name="name" value="value"`; `name value` is not one.
OPERATOR = r"(?::[ \t]{0,2}[\w.\[\]|?]{1,24}[ \t]{0,4}=|[vV]alue[ \t]{0,2}=|=>|:=|\?=|\|\|=?|\?\?=?|[=:]{1,3}|>|<-)"
# What opens the value: string prefixes and quotes (perhaps escaped), or a list's bracket.
_QUOTE = r"(?:[rbuf@$]{0,2}\\{0,2}[\"'`]{1,3}|&(?:quot|#3[49]|#x2[27]);|\[[ \t]{0,2}[\"'])"
# `name("value`, `name, "value`: an argument counts only in quotes, or every call would.
_TO_VALUE = NAME_END + rf"(?:{OPERATOR}[ \t]{{0,8}}{_QUOTE}?|[,(][ \t]{{0,8}}{_QUOTE})"
ASSIGN = NAME_TAIL + _TO_VALUE
# A value without a mark of its own must not be a piece of a longer run.
END = r"(?![A-Za-z0-9_+/=\-])"

# The gate: the same way from name to value, then four characters that a value is made of.
VALUE_LENGTH = 4
NOT_VALUE = frozenset(b" \t\n\r\f\v\"'`,;<>(){}[]")
GATE_VALUE = r"[^\s\"'`,;<>(){}\[\]]{4}"
# What a rule's own words may add to the gate's word (pass + word) before the name goes on.
WORD_REST = 16
GATE_TAIL = rf"[\w.\-]{{0,{WORD_REST + TAIL_LENGTH}}}" + _TO_VALUE + GATE_VALUE
_DIGIT = r"(?:[^\s\"'`,;<>(){}\[\]]{4}[0-9]|[0-9][^\s\"'`,;<>(){}\[\]]{4})"
# What a key or token begins with, where a password may be anything: a digit within sight and more beside it (`key = 0` is met
# everywhere), or a run of letters long enough to be no word (in quotes, in capitals, or in small letters behind `NAME=`).  Code is full of `token = parser.next()`: this alone leaves a tenth of the lines.
KEYLIKE = rf"(?=[^\s\"'`,;<>(){{}}\[\]]{{0,63}}{_DIGIT}|(?<=[\"'`;])[A-Za-z]{{12,128}}[\"'`\\&]|(?-i:[A-Z]{{16}})|(?<=[A-Z]=)(?-i:[a-z]{{12}}))"
# How far that looks, in bytes.
AHEAD = 129
KEY_TAIL = rf"[\w.\-]{{0,{WORD_REST + TAIL_LENGTH}}}" + _TO_VALUE + KEYLIKE + GATE_VALUE
# What follows the first word of a longer name: the rest of the name, then the same.
NAMED_REST = 96
# Possessive, since no operator begins with a character of a name: giving characters back could only cost time.
NAMED_TAIL = rf"[\w.\-]{{0,{NAMED_REST + TAIL_LENGTH}}}+" + _TO_VALUE + GATE_VALUE
# A quote as XML and HTML write it.
ENTITY = r"&(?:quot|#3[49]|#x2[27]);"
# The same for bulk: everything GATE_TAIL takes and a little more, with unbounded repeats, which cost
# Hyperscan a twentieth of the bounded ones to compile and half to run.  What it finds is checked with GATE_TAIL.
# In its pieces: the rest of the name and what closes it; an operator and what opens a value; what opens an argument.
BULK_NAME = rf"[\w.\-]*(?:[\\\"'`\])]|{ENTITY})*[ \t]*"
BULK_OPERATOR = rf"(?:value[ \t]*)?[=:>|?<](?:[\w.\[\]|? \t]*=)?[=>:|?<, \t\\\"'`&;\[(@$\-]*(?:[rbuf@$]*[\"'`\\]+|{ENTITY})?"
BULK_ARGUMENT = rf"[ \t]*(?:[rbuf@$]*\\*[\"'`]+|{ENTITY}|\[[ \t]*[\"'])"
_BULK_TO_VALUE = f"{BULK_NAME}(?:{BULK_OPERATOR}|[,(]{BULK_ARGUMENT})"
BULK_TAIL = _BULK_TO_VALUE + GATE_VALUE
# Small letters behind `NAME=`: the last letter of the name may be that of the word, which is read by then, so it is not asked for here.
BULK_TYPE = r"[\w.\[\]|? \t]*"
BULK_LETTERS = r"=(?-i:[a-z]{12})"
KEY_BULK = (
    rf"(?:{_BULK_TO_VALUE}(?:[^\s\"'`,;<>(){{}}\[\]]*{_DIGIT}|[A-Za-z]{{12,}}[\"'`\\&]|(?-i:[A-Z]{{16}}))|{BULK_NAME}(?:value|:{BULK_TYPE})?{BULK_LETTERS})"
)

# A value in free text.  Quoted: anything up to the quote, but not starting with a blank or a bracket.  Bare: up to a
# blank or a separator, and not the name of something called or indexed.
TEXT = (
    r"(?P<secret>(?<=[\"'`;])[^\s\"'`,;<>(){}\[\]]{4}[^\"'`\r\n]{2,396}?(?<!\\)(?=\\{0,4}[\"'`]|&(?:quot|#3[49]|#x2[27]);)"
    r"|(?<![\"'`;])[^\s\"'`,;<>(){}\[\]]{4}[^\s\"'`,;<>(){}\[\]]{2,124}(?![^\s\"'`,;<>)}\]]))"
)

MACROS = {"assign": ASSIGN, "keylike": KEYLIKE, "end": END, "text": TEXT}
