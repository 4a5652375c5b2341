"""Nothing that is shown can act on a terminal, a page or a reader."""

from leaksieve.findings.visible import visible


def test_plain_text_is_left_alone():
    assert visible("pässwörd = «x» 密码") == "pässwörd = «x» 密码"


def test_what_does_not_print_becomes_an_escape():
    assert visible("a\x1b[31m\r\nb\x85\x7f") == "a\\x1b[31m\\x0d\\x0ab\\x85\\x7f"
    assert visible("\u202eabc\u2066\u2028\ufeff\ud800") == "\\u202eabc\\u2066\\u2028\\ufeff\\ud800"
    assert visible("\U000e0041") == "\\U000e0041"


def test_a_tab_becomes_a_space():
    assert visible("\tkey:\tvalue") == " key: value"
