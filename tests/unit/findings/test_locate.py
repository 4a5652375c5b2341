"""Places, contexts, allow comments and bases of matches in one chunk."""

import base64
import re

import pytest

from leaksieve.findings.locate import locate
from leaksieve.model import Chunk, Match, Provenance, Span
from leaksieve.secret import Secret

TOKEN = b"tok_" + b"a1B2c3D4" * 3
OTHER = b"tok_" + b"z9Y8x7W6" * 3
SHORT = b"hunter2x"
MASK = "tok_a1B2…D4"


def match(data, secret, *, rule="acme", rejected="", at=0, span=None, decoded=(), plain=None, parts=()):
    start = data.index(secret, at)
    own = Span(start, start + len(secret))
    return Match(rule, span or own, own, Secret(secret if plain is None else plain), decoded, parts, rejected)


def find(data, *matches, reveal=False, inline_allow=True, base=None, provenance=None):
    chunk = Chunk(data, provenance or Provenance("file", b"a.py"), base)
    return locate(chunk, matches, public_prefix=lambda rule: b"tok_" if rule == "acme" else b"", reveal=reveal, inline_allow=inline_allow)


def test_nothing_found_asks_nothing():
    data = b"x = " + SHORT
    rejected = match(data, SHORT, rejected="low entropy")
    assert find(data, base=lambda: pytest.fail("asked")) == []
    assert find(data, rejected, base=lambda: pytest.fail("asked")) == []


def test_a_place():
    data = "# ä\n\tkey = '".encode() + TOKEN + b"'  # end\nlast\n"
    (place,) = find(data, match(data, TOKEN))
    start = data.index(TOKEN)
    assert (place.start_line, place.end_line, place.start_column, place.end_column) == (2, 2, 9, 9 + len(TOKEN))
    assert (place.byte_start, place.byte_end) == (start, start + len(TOKEN))
    assert place.context == f" key = '{MASK}'  # end"
    assert (place.allowed, place.already_present, place.secret) == ("", False, Secret(TOKEN))
    assert re.fullmatch("[0-9a-f]{1,16}:1", place.line_hash)


def test_places_come_in_order():
    data = TOKEN + b"\n" + OTHER + b"\n"
    places = find(data, match(data, OTHER), match(data, TOKEN, rule="z"), match(data, TOKEN))
    assert [(place.start_line, place.rule_id) for place in places] == [(1, "acme"), (1, "z"), (2, "acme")]


def test_every_candidate_on_the_line_is_masked():
    data = b"a=" + TOKEN + b" b=" + OTHER + b" c=" + SHORT + b"\n"
    (place,) = find(data, match(data, TOKEN), match(data, OTHER, rejected="allowed"), match(data, SHORT, rule="generic", rejected="words"))
    assert place.context == f"a={MASK} b=tok_z9Y8…W6 c=(8 characters: lower, digits)"


def test_overlapping_candidates_show_nothing_of_either():
    data = b"url=" + TOKEN + SHORT + b";"
    whole = match(data, TOKEN + SHORT, rule="url", rejected="x")
    (place,) = find(data, match(data, TOKEN), whole)
    assert place.context == "url=***;"
    same = match(data, TOKEN, rule="generic", rejected="less specific")
    (place,) = find(data, same, match(data, TOKEN))
    assert place.context == f"url={MASK}hunter2x;"


def test_repetitions_are_masked():
    data = b"a=" + TOKEN + b" again " + TOKEN + b" " + SHORT + b" hunter " + SHORT + b"\n"
    first = match(data, TOKEN)
    (place,) = find(data, first, match(data, SHORT, rejected="x"))
    assert place.context == f"a={MASK} again {MASK} (8 characters: lower, digits) hunter (8 characters: lower, digits)"


def test_short_values_are_masked_in_their_place_only():
    data = b"pin=12345 12345 " + TOKEN + b"\n"
    (place,) = find(data, match(data, b"12345", rejected="x"), match(data, TOKEN))
    assert place.context == f"pin=(5 characters: digits) 12345 {MASK}"


def test_many_values_mask_the_same_way_as_few():
    values = [b"value-%04d-%s" % (index, b"x" * (index % 7)) for index in range(60)]
    lines = b"".join(b"k = %s, again %s\n" % (value, value) for value in values) + b"k = " + TOKEN + b" " + b" ".join(values)
    matches = [match(lines, value + b",")._replace(rejected="x", secret=Secret(value)) for value in values]
    matches = [item._replace(secret_span=Span(item.span.start, item.span.end - 1)) for item in matches]
    (place,) = find(lines, match(lines, TOKEN), *matches)
    assert "value" not in re.sub(r"valu…|[(]\d+ characters[^)]*[)]", "", place.context)
    nested = b"k = " + TOKEN + b" " + values[3] * 2 + b" aaaaaaaaaaaaaaaaaaaaaaa"
    inside = [match(lines, value, rejected="x") for value in values]
    data = lines + b"\n" + nested + b"\n" + b"a" * 9
    loop = [match(data, b"a" * size, rejected="x", at=len(data) - 9) for size in (6, 9)]
    places = find(data, match(data, TOKEN, at=len(lines) + 1), *inside, *loop)
    assert places[0].context.endswith(f"k = {MASK} (14 characters: lower, digits, symbols)(14 characters: lower, digits, symbols) ***")


def test_a_value_that_repeats_within_itself():
    data = b"k=aaaaaa " + TOKEN + b" aaaaaaaaaaa b"
    (place,) = find(data, match(data, b"aaaaaa", rejected="x"), match(data, TOKEN))
    assert place.context == f"k=(6 characters: lower) {MASK} *** b"


def test_parts_are_masked_in_contexts_save_for_who_and_where():
    data = b"login(account-77, " + TOKEN + b")"
    (place,) = find(data, match(data, TOKEN, parts=(("api_key", Secret(b"account-77")), ("n", Secret(b"og")))))
    assert place.context == f"login(***, {MASK})"
    (place,) = find(data, match(data, TOKEN, parts=(("user", Secret(b"account-77")),)))
    assert place.context == f"login(account-77, {MASK})"
    # What is named a user is a token after all.
    data = b"login(x1y2z3x1y2z3x1y2z3x1y2z3, " + TOKEN + b")"
    (place,) = find(data, match(data, TOKEN, parts=(("user", Secret(b"x1y2z3" * 4)),)))
    assert place.context == f"login(***, {MASK})"


def test_control_characters_are_neutralised_masked_or_not():
    data = b"\x1b[31m" + "\u202e".encode() + b"\xff key=" + TOKEN + b"\x07\r\nnext"
    for reveal in (False, True):
        (place,) = find(data, match(data, TOKEN), reveal=reveal)
        assert place.context == "\\x1b[31m\\u202e\\xff key=" + (TOKEN.decode() if reveal else MASK) + "\\x07"


def test_reveal_masks_nothing():
    data = b"a=" + TOKEN + b" b=" + SHORT + b" # leaksieve:allow -- " + SHORT
    (place,) = find(data, match(data, TOKEN), match(data, SHORT, rejected="x"), reveal=True)
    assert place.context == data.decode()
    assert place.allowed == "inline comment leaksieve:allow (hunter2x)"


def test_long_lines_are_cut_around_the_secret():
    data = "密".encode() * 500 + TOKEN + b"y" * 5000
    (place,) = find(data, match(data, TOKEN))
    assert place.context == "…" + "密" * 100 + MASK + "y" * 100 + "…"
    (place,) = find(data, match(data, TOKEN), reveal=True)
    assert place.context == "…" + "密" * 100 + TOKEN.decode() + "y" * 100 + "…"


def test_a_long_secret_does_not_make_its_line_long():
    secret = b"Zx7Q" * 1000
    data = b"key = '" + secret + b"';"
    (place,) = find(data, match(data, secret))
    assert place.context == "key = 'Zx7Q…7Q';"
    (place,) = find(data, match(data, secret), reveal=True)
    assert place.context.startswith("key = 'Zx7QZx7Q")
    assert place.context.endswith("…")
    assert len(place.context) < 400


def test_secrets_cut_by_the_edge_of_a_long_line_are_masked():
    data = b"p" * 300 + OTHER + b"q" * 90 + TOKEN + b"r" * 95 + SHORT + b"s" * 300
    (place,) = find(data, match(data, TOKEN), match(data, OTHER, rejected="x"), match(data, SHORT, rejected="x"))
    assert place.context == "…tok_z9Y8…W6" + "q" * 90 + MASK + "r" * 95 + "(8 characters: lower, digits)…"


def test_repetitions_cut_by_the_edge_are_masked():
    data = SHORT + b"\n" + b"p" * 300 + SHORT + b"q" * 95 + TOKEN + b"r" * 95 + SHORT + b"s" * 300
    (place,) = find(data, match(data, TOKEN), match(data, SHORT, rejected="x"))
    assert "unter" not in place.context
    assert "hunte" not in place.context


KEY = b"-----BEGIN PRIVATE KEY-----\n" + b"MIIE" * 16 + b"\n" + b"ABCD" * 9 + b"\n-----END PRIVATE KEY-----"


@pytest.mark.parametrize(("secret", "end"), [(KEY, (5, 26)), (KEY + b"\n", (6, 1))])
def test_multi_line_secrets(secret, end):
    data = b"# x\nkey = '''" + secret + b"''' # done\n"
    (place,) = find(data, match(data, secret))
    assert (place.start_line, place.start_column, place.end_line, place.end_column) == (2, 10, *end)
    assert place.context == "key = '''-----BEGIN PRIVATE KEY----- … (3 more lines)"


def test_multi_line_secrets_with_carriage_returns_and_of_two_lines():
    secret = b"first-line-of-it\r\nsecond-line-of-it"
    data = b"x = " + secret + b"\r\n"
    (place,) = find(data, match(data, secret))
    assert place.context == "x = firs…it … (1 more line)"
    (place,) = find(data, match(data, secret), reveal=True)
    assert place.context == "x = first-line-of-it … (1 more line)"


def test_a_key_on_one_line_says_how_many_it_has():
    secret = KEY.replace(b"\n", b"\\n")
    data = b'{"key": "' + secret + b'"}'
    (place,) = find(data, match(data, secret))
    assert place.context == '{"key": "-----BEGIN PRIVATE KEY----- (4 lines)"}'


def test_encoded_secrets_go_with_their_run():
    run = base64.b64encode(b"user=bob&token=" + TOKEN + b"&more=stuff")
    data = b"auth: '" + run + b"'\n"
    inner = run[20:55]
    (place,) = find(data, match(data, inner, decoded=("base64",), plain=TOKEN))
    assert place.context == "auth: '***'"
    wrapped = data.replace(b"=", b"%3D")
    (place,) = find(wrapped, match(wrapped, inner, decoded=("percent", "base64"), plain=TOKEN))
    assert place.context == "auth: '***'"


def test_percent_encoding_is_masked_without_its_neighbours():
    data = b"q=" + b"%74ok_" + TOKEN[4:] + b"&next=1"
    encoded = data[2 : 2 + 3 + len(TOKEN) - 1]
    (place,) = find(data, match(data, encoded, decoded=("percent",), plain=TOKEN))
    assert place.context == "q=***&next=1"


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("bom", ["\ufeff", ""])
def test_utf16(codec, bom):
    text = bom + "# long enough a first line\r\nä🔑 = '" + TOKEN.decode() + "' # leaksieve:allow -- " + SHORT.decode() + " ä\r\nlast"
    data = text.encode(codec)
    wide = TOKEN.decode().encode(codec)
    short = match(data, SHORT.decode().encode(codec), plain=SHORT, decoded=("utf-16",), rejected="x")
    (place,) = find(data, match(data, wide, plain=TOKEN, decoded=("utf-16",)), short)
    assert (place.start_line, place.end_line, place.start_column, place.end_column) == (2, 2, 7, 7 + len(TOKEN))
    assert place.context == f"ä🔑 = '{MASK}' # leaksieve:allow -- (8 characters: lower, digits) ä"
    assert place.allowed == "inline comment leaksieve:allow ((8 characters: lower, digits) ä)"


def test_utf16_spans_that_begin_at_the_second_byte_of_a_character():
    text = "\ufeffa = 1\r\nk = '" + TOKEN.decode() + "' # 密 " + SHORT.decode() + " leaksieve:allow"
    data = text.encode("utf-16-be")
    spelled = b"\0".join(bytes([byte]) for byte in TOKEN) + b"\0"
    short = b"\0".join(bytes([byte]) for byte in SHORT) + b"\0"
    found = match(data, spelled, plain=TOKEN, decoded=("utf-16",))
    assert found.secret_span.start % 2 == 1
    (place,) = find(data, found, match(data, short, plain=SHORT, decoded=("utf-16",), rejected="x"))
    assert (place.start_line, place.start_column, place.end_line, place.end_column) == (2, 6, 2, 6 + len(TOKEN))
    assert place.context == f"k = '{MASK}' # 密 (8 characters: lower, digits) leaksieve:allow"
    assert place.allowed == "inline comment leaksieve:allow"


def test_long_utf16_lines():
    text = "\ufeff" + "y" * 500 + TOKEN.decode() + "z" * 500
    data = text.encode("utf-16")[2:]
    (place,) = find(data, match(data, TOKEN.decode().encode("utf-16-le"), plain=TOKEN, decoded=("utf-16-le",)))
    assert place.context == "…" + "y" * 100 + MASK + "z" * 100 + "…"


def test_allow_on_the_line_and_two_secrets_on_it():
    data = b"a=" + TOKEN + b" b=" + OTHER + b" # leaksieve:allow[acme] -- not " + OTHER + b"\n"
    one, two = find(data, match(data, TOKEN), match(data, OTHER, rule="other"))
    assert one.allowed == "inline comment leaksieve:allow[acme] (not tok_…W6)"
    assert two.allowed == ""
    assert TOKEN.decode() not in one.context + two.context
    assert OTHER.decode() not in one.context + two.context
    assert find(data, match(data, TOKEN), inline_allow=False)[0].allowed == ""


def test_a_marker_inside_the_secret_does_not_count():
    secret = b"pass leaksieve:allow word"
    data = b"x = '" + secret + b"'\n"
    assert find(data, match(data, secret))[0].allowed == ""


def test_allow_on_the_first_or_last_line_of_a_multi_line_secret():
    for data in (b"# gitleaks:allow " + KEY + b"\n", b"key = " + KEY + b" # gitleaks:allow\n"):
        assert find(data, match(data, KEY))[0].allowed == "inline comment gitleaks:allow"
    data = b"key = " + KEY.replace(b"\n", b" # gitleaks:allow\n", 2) + b"\n"
    assert find(data, match(data, KEY.replace(b"\n", b" # gitleaks:allow\n", 2)))[0].allowed == ""


@pytest.mark.parametrize(
    ("above", "allowed"),
    [
        (b"# leaksieve:allow -- sample", "inline comment leaksieve:allow on the line before (sample)"),
        (b"x = 1 # leaksieve:allow-next-line", "inline comment leaksieve:allow-next-line on the line before"),
        (b"# pragma: allowlist nextline secret", "inline comment pragma: allowlist nextline secret on the line before"),
        (b"x = 1 # leaksieve:allow", ""),
        (b"# gitleaks:allow", ""),
        (b"# leaksieve:allow\n", ""),
        (b"x = 1 # leaksieve:allow[other]", ""),
    ],
)
def test_allow_on_the_line_before(above, allowed):
    data = b"\xef\xbb\xbf" + above + b"\nkey = " + TOKEN + b" " + OTHER + b"\n"
    assert [place.allowed for place in find(data, match(data, TOKEN), match(data, OTHER))] == [allowed] * 2


def test_next_line_comments_are_not_for_their_own_line():
    data = b"key = " + TOKEN + b" # leaksieve:allow-next-line\n"
    assert find(data, match(data, TOKEN))[0].allowed == ""


def test_already_present_needs_every_touched_line():
    data = b"new\r\nkey = '" + KEY.replace(b"\n", b"\r\n") + b"'\r\nx = " + TOKEN + b"\n"
    key, token = match(data, KEY.replace(b"\n", b"\r\n")), match(data, TOKEN)
    calls = []

    def states(base):
        calls.clear()
        return [place.already_present for place in find(data, key, token, base=lambda: calls.append(1) or base)]

    whole = b"key = '" + KEY + b"'\n\nx = " + TOKEN
    assert states(whole) == [True, True]
    assert calls == [1]
    assert states(whole.replace(b"ABCD\n", b"ABCE\n")) == [False, True]
    assert states(whole.replace(b"x = ", b"y = ")) == [True, False]
    assert states(None) == [False, False]
    assert states(b"") == [False, False]


def test_already_present_on_the_first_line_with_a_byte_order_mark():
    data = b"\xef\xbb\xbfk = " + TOKEN
    assert find(data, match(data, TOKEN), base=lambda: b"k = " + TOKEN + b"\n")[0].already_present


@pytest.mark.parametrize(("codec", "present"), [("utf-16", True), ("utf-8-sig", True), ("utf-16-le", True), ("utf-16-be", False)])
def test_already_present_across_encodings(codec, present):
    text = "a = 1\r\nk = " + TOKEN.decode() + "\r\n"
    data = text.encode("utf-16")
    found = match(data, TOKEN.decode().encode("utf-16-le"), plain=TOKEN, decoded=("utf-16",))
    assert find(data, found, base=lambda: text.replace("\r", "").encode(codec))[0].already_present is present


@pytest.mark.parametrize(
    ("provenance", "hashed"),
    [
        (Provenance("index", b"a"), True),
        (Provenance("git", b"a", {"object_type": "blob"}), True),
        (Provenance("git", b"a", {"object_type": "commit"}), False),
        (Provenance("stdin", b"a"), False),
        (Provenance("image", b"a"), False),
        (Provenance("file", b"a.zip", {}, b"in"), False),
    ],
)
def test_line_hashes_are_for_files(provenance, hashed):
    data = b"k = " + TOKEN
    (place,) = find(data, match(data, TOKEN), provenance=provenance)
    assert bool(place.line_hash) is hashed
    assert place.provenance is provenance


def test_no_line_hash_for_huge_files(monkeypatch):
    monkeypatch.setattr("leaksieve.findings.locate.MAX_BYTES", 20)
    data = b"k = " + TOKEN
    assert find(data, match(data, TOKEN))[0].line_hash == ""


def test_odd_spans_are_survived():
    data = b"\xef\xbb\xbfab\r\n" + b"c" * 600
    spans = [Span(0, 4), Span(5, 5), Span(6, 7), Span(0, len(data)), Span(len(data), len(data))]
    places = find(data, *(Match("r", span, span, Secret(data[slice(*span)])) for span in spans))
    assert len(places) == 5
    assert places[0].start_column == 1
    assert all("\n" not in place.context for place in places)
    assert find(b"", Match("r", Span(0, 0), Span(0, 0), Secret(b"")))[0].context == ""


def test_a_block_allows_what_stands_in_it():
    data = b"a=" + OTHER + b"\n# leaksieve:allow-start -- made up\nx\nb=" + TOKEN + b"\n# leaksieve:allow-end\nc=" + OTHER + b"\n"
    places = find(data, match(data, TOKEN), match(data, OTHER))
    allowed = {place.secret.reveal(): place.allowed for place in places}
    assert allowed == {TOKEN: "inline comment leaksieve:allow-start above (made up)", OTHER: ""}
    assert find(data, match(data, TOKEN), inline_allow=False)[0].allowed == ""


def test_a_block_in_utf_16():
    text = "\ufeff# leaksieve:allow-start\r\nb\r\nk = '" + TOKEN.decode() + "'\r\n# leaksieve:allow-end\r\n"
    data = text.encode("utf-16-le")
    place = find(data, match(data, TOKEN.decode().encode("utf-16-le"), decoded=("utf-16-le",)))[0]
    assert place.allowed == "inline comment leaksieve:allow-start above"


def test_a_kingfisher_comment_after_a_secret_of_several_lines():
    secret = b"line one\nline two"
    data = b"k='" + secret + b"'\n# kingfisher:ignore\n"
    assert find(data, match(data, secret))[0].allowed == "inline comment kingfisher:ignore on the line after"
    assert find(b"x\n" + data, match(b"x\n" + data, b"line one"))[0].allowed == ""
    data = b"# kingfisher:ignore\nk='" + secret + b"'"
    assert find(data, match(data, secret))[0].allowed == "inline comment kingfisher:ignore on the line before"
