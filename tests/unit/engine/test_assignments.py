"""What is assigned to what, in every format that secrets stand in."""

import pytest

from leaksieve.engine.assignments import assignments, is_elsewhere, plain_name


def read(text):
    return [(one.name.decode(), text[one.start : one.end].decode()) for one in assignments(text, 0, len(text))]


@pytest.mark.parametrize(
    "text",
    [
        b"CLIENT_ID=abc1\n",
        b"export CLIENT_ID='abc1' # why\n",
        b"client-id: abc1\r\n",
        b'{"clientId": "abc1", "x": ""}',
        b'{\\"client_id\\":\\"abc1\\"}',
        b'client_id = "abc1"',
        b"client.id=abc1\n",
        b"<clientId>abc1</clientId>",
        b'<oauth client-id="abc1" x="y"/>',
        b'<add key="ClientId" value="abc1"/>\n<add key="Other" value="zz"/>',
        b"<key>client_id</key>\n<string>abc1</string>\n<key>b</key><string>c</string>",
        b"- name: CLIENT_ID\n  value: abc1\n- name: B\n  value: c\n",
        b"- value: abc1\n  name: CLIENT_ID\n- value: c\n  name: B\n",
        b'[{"key":"client_id","value":"abc1","type":"text"},{"key":"b","value":"c"}]',
        b'[{"value":"abc1","type":"text","key":"client_id"},{"value":"c","key":"b"}]',
        b'variable "client_id" {\n  type = string\n  default = "abc1"\n}\n',
        b'"client_id": {\n  "value": "abc1"\n}',
        b"ENV CLIENT_ID abc1\n",
        b"tool --client-id abc1 --other c\n",
        b"tool --client-id=abc1\n",
        b"os.environ['CLIENT_ID'] = 'abc1'\n",
        b'"CLIENT_ID=abc1\\nB=c\\n"',
        b"$client_id = 'abc1';",
        b"https://h/token?client_id=zz\nclient_id := `abc1`",
        b"grant_type=x&client_id=abc1&b=c",
    ],
)
def test_name_and_value_are_read(text):
    assert ("clientid", "abc1") in read(text)


def test_a_field_does_not_name_the_value_of_its_neighbour():
    text = b"- name: lone\n  image: x\n- name: user\n  value: c\n"
    assert ("user", "c") in read(text)
    assert ("lone", "c") not in read(text)
    text = b'[{"value":"c","key":"bb"},{"key":"lone"},{"value":"d","key":"e"}]'
    assert not [pair for pair in read(text) if pair[0] == "lone"]


def test_nothing_is_read_from_a_defaulted_variable_or_a_scheme():
    assert read(b"${CLIENT_ID:-abc}") == []
    assert not [name for name, _ in read(b"see https://host/path here")]


def test_names_are_compared_without_what_joins_them():
    assert plain_name(b"AWS_Access-Key.Id") == b"awsaccesskeyid"


@pytest.mark.parametrize("value", [b"${ID}", b"{{ id }}", b"<client-id>", b"os.environ", b"null", b"your_client_id", b"%(id)s", b"$ID", b"get()"])
def test_references_and_placeholders_are_no_values(value):
    assert is_elsewhere(value)


@pytest.mark.parametrize("value", [b"5432", b"db.internal", b"abc-123", b"svc@corp.io", b"123456789012"])
def test_values_are_values(value):
    assert not is_elsewhere(value)
