"""The parts of a credential do not depend on the order of its lines nor on what stands around them."""

from hypothesis import given, settings
from hypothesis import strategies as st
from rulebook import BOTH, engine, told

SECRET = "wJalr/XUtn+FEMIK7MDE" + "NGbPxRfiCYzq8L2v5d1n"
KEY_ID = "AKIA" + "QWERTYUIOP234567"
TOKEN = "".join(("IQoJ", "b3Jp", "Z2lu", "aB3/dE6+gH9x" * 20))
FIELDS = {"access_key_id": KEY_ID, "secret_access_key": SECRET, "session_token": TOKEN, "region": "eu-west-1"}
SHAPES = ["AWS_{N}={v}", "aws_{n}: {v}", '"aws_{n}": "{v}",', "export AWS_{N}='{v}'", "aws.{n} = {v}", "- name: AWS_{N}\n  value: {v}", "ENV AWS_{N}={v}"]


def read(text, prefilter="aho-corasick"):
    return [
        (m.rule_id, m.secret.reveal().decode(), {n: v.reveal().decode() for n, v in m.parts})
        for m in engine(prefilter).scan(text.encode()).matches
        if not m.rejected
    ]


@settings(max_examples=50, deadline=None)
@given(
    st.permutations(list(FIELDS)),
    st.sampled_from(SHAPES),
    st.lists(st.sampled_from(["# note", "debug: true", "timeout = 30", ""]), max_size=6),
    st.sampled_from(BOTH),
)
def test_order_and_format_do_not_matter(order, shape, noise, prefilter):
    lines = [shape.format(N=name.upper(), n=name, v=FIELDS[name]) for name in order]
    for number, extra in enumerate(noise):
        lines.insert(number % (len(lines) + 1), extra)
    parts = {name.removeprefix("access_"): value for name, value in FIELDS.items() if name != "secret_access_key"}
    found = read("\n".join(lines) + "\n", prefilter)
    assert [secret for _, secret, _ in found] == [SECRET]
    assert found[0][2] == parts


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                *(shape.format(N="SECRET_ACCESS_KEY", n="secret_access_key", v=SECRET) for shape in SHAPES),
                KEY_ID,
                f"id: {KEY_ID}",
                "{",
                "}",
                "",
                "\\",
                "x" * 300,
                "kind: Secret",
                "data:",
            ]
        ),
        max_size=25,
    )
)
def test_joining_neither_loses_nor_invents_a_secret(lines):
    matches = engine().scan("\n".join(lines).encode()).matches
    live = {m.secret.reveal() for m in matches if not m.rejected}
    parts = {value.reveal() for m in matches if not m.rejected for _, value in m.parts}
    text = "\n".join(lines)
    if KEY_ID in text:
        assert KEY_ID.encode() in live | parts
    if SECRET in text:
        assert SECRET.encode() in live
    assert all(value in text.encode() for value in parts)
    assert told(engine("hyperscan").scan(text.encode())) == told(engine().scan(text.encode()))
