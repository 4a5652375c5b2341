"""Connection strings that are no URLs: for which server they are, what is read from them, and when nothing is asked."""

import pytest
from loginservers import PASSWORD, found, unasked

from leaksieve.verifiers.base import Failed
from leaksieve.verifiers.servers import keyed, target


def reading(text):
    one = found(text.format(PASSWORD)).subject
    return (keyed.read if one.rule_id.startswith("database-connection-string") else target.read)(one)


@pytest.mark.parametrize(
    ("text", "protocol", "port", "tls", "verified"),
    [
        ('"Host=h.corp;Username=u;Password={};Database=d"', "postgresql", 5432, "offered", True),
        ('"Host=h.corp;Port=5433;Username=u;Password={};Database=d;SSL Mode=Require"', "postgresql", 5433, "required", False),
        ('"Port=5433;Database=d;Host=h.corp;Username=u;Password={};SSL Mode=VerifyFull"', "postgresql", 5433, "required", True),
        ('"Host=h.corp:5433;User ID=u;Password={};SslMode=VerifyCA;Trust Server Certificate=true;Database=d"', "postgresql", 5433, "required", False),
        ("Server=h.corp;Port=5432;User Id=u;Password={};Database=d;", "postgresql", 5432, "offered", True),
        ("Password={};Host=h.corp;Username=u;Database=d", "postgresql", 5432, "offered", True),
        ("Driver={{PostgreSQL Unicode}};Server=h.corp;Port=5439;Database=d;Uid=u;Pwd={};sslmode=verify-full", "postgresql", 5439, "required", True),
        ("host=h.corp user=u password={} dbname=d", "postgresql", 5432, "offered", True),
        ("dsn = 'host=h.corp port=5433 dbname=d user=u password={} sslmode=disable'", "postgresql", 5433, "never", True),
        ("password={} user=u host=h.corp dbname=d", "postgresql", 5432, "offered", True),
        ("Server=h.corp;Port=3306;Database=d;Uid=u;Pwd={};", "mysql", 3306, "offered", True),
        ("Server=h.corp;Database=d;Uid=u;Pwd={};SslMode=Required;", "mysql", 3306, "required", False),
        ("Server=h.corp;Database=d;Uid=u;Pwd={};SslMode=None", "mysql", 3306, "never", True),
        ("Driver={{MySQL ODBC 8.0 Unicode Driver}};Server=h.corp;Port=3307;Database=d;User=u;Password={};", "mysql", 3307, "offered", True),
        ("Host=h.corp;Port=3306;Database=d;Username=u;Password={};Ssl Mode=VerifyFull", "mysql", 3306, "required", True),
        ('"Host=h.corp;Username=u;Password={};Database=d;SSL=true"', "postgresql", 5432, "required", True),
        ('"Host=h.corp;Username=u;Password={};Database=d;SSL Mode=Verify Full"', "postgresql", 5432, "required", True),
        ('"Host=h.corp;Port=3306;User ID=u;Password={};Database=d;SSH Host=x.corp;SSH User=x"', "mysql", 3306, "offered", True),
        ('"Password={};SSH Host=x.corp;SSH User=x;Proxy Port=7;Host=h.corp;Username=u;Database=d"', "postgresql", 5432, "offered", True),
        ("jdbc:postgresql://h.corp:5433/d?user=u&password={}&ssl=true", "postgresql", 5433, "required", True),
        ("jdbc:postgresql://h.corp/d?password={}&sslmode=disable&user=u", "postgresql", 5432, "never", True),
        ("jdbc:mysql://h.corp/d?user=u&amp;password={}&amp;useSSL=true&amp;verifyServerCertificate=false", "mysql", 3306, "required", False),
        ("jdbc:mariadb://h.corp/d?user=u&password={}", "mysql", 3306, "offered", True),
    ],
)
def test_where_a_string_leads_and_how(text, protocol, port, tls, verified):
    made = reading(text)
    assert (made.protocol, made.host, made.port, made.user, made.database) == (protocol, "h.corp", port, "u", "d")
    assert (made.tls, made.verified, made.password.reveal().decode()) == (tls, verified, PASSWORD)


def test_several_hosts_of_a_string_are_tried_in_order():
    assert reading('"Host=h.corp,h2.corp:5433;Username=u;Password={};Database=d"').more == (("h2.corp", 5433),)
    assert reading('"host=h.corp,h2.corp port=5433,5434 user=u password={} dbname=d"').more == (("h2.corp", 5434),)
    assert reading('"host=h.corp,h2.corp port=5433 user=u password={} dbname=d"').more == (("h2.corp", 5433),)
    assert reading("jdbc:postgresql://h.corp:5433,h2.corp/d?user=u&password={}").more == (("h2.corp", 5432),)


def test_a_strings_password_is_taken_as_it_stands_and_an_addresss_is_not():
    literal, encoded = PASSWORD[:-2] + "%41", PASSWORD[:-2] + "A"
    assert reading(f'"Host=h.corp;Username=u;Password={literal};Database=d"').password.reveal().decode() == literal
    assert reading(f"jdbc:postgresql://h.corp/d?user=u&password={literal}").password.reveal().decode() == encoded


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Server=tcp:h.corp,1433;Database=d;User ID=u;Password={};Encrypt=true", "no-verifier"),
        ("Server=h.corp;Database=d;User ID=u;Password={};Encrypt=true;TrustServerCertificate=false", "no-verifier"),
        ("Driver={{ODBC Driver 17 for SQL Server}};Server=h.corp;Uid=u;Pwd={};", "no-verifier"),
        ("Server=h.corp\\SQLEXPRESS;Database=d;User Id=u;Password={};", "no-verifier"),
        ("Server=h.corp;Port=1433;Database=d;Uid=u;Pwd={};", "no-verifier"),
        ("jdbc:sqlserver://h.corp:1433;databaseName=d;user=u;password={};", "no-verifier"),
        ("jdbc:oracle:thin:svc/{}@//h.corp:1521/ORCL", "no-verifier"),
        # For PostgreSQL, MySQL and SQL Server alike, and what says both.
        ("Server=h.corp;Database=d;User Id=u;Password={};", "no-verifier"),
        ("Server=h.corp;Port=3306;Database=d;User Id=u;Password={};SslMode=Require;", "no-verifier"),
        ("Driver={{Firebird/InterBase(r) driver}};Server=h.corp;Uid=u;Pwd={};", "no-verifier"),
        ("Host=h.corp;Username=u;Password={};VirtualHost=v", "no-verifier"),
        # The end of the password is not clear, or a part of the string was not seen.
        ("Host=h.corp;Username=u;Password={}&more;Database=d", "missing-parts"),
        ("Host=h.corp;Username=u;Password={} more;Database=d", "missing-parts"),
        ("Host=h.corp;Username=u;Password={}\\$more;Database=d", "missing-parts"),
        ("host=h.corp user=u password={};more dbname=d", "missing-parts"),
        ("Timeout=5;Host=h.corp;Username=u;Password={};Database=d", "missing-parts"),
        ("VirtualHost=x.corp;Host=h.corp;Username=u;Password={};Database=d", "missing-parts"),
        ("SSH Host=x.corp;Host=h.corp;Username=u;Password={};Database=d", "missing-parts"),
        ("Host=h.corp;Username=u;SSH Password={};Database=d;Password=other", "missing-parts"),
        ("Host=h.corp;Username=u;Certificate Password={};Database=d", "missing-parts"),
        ("jdbc:postgresql://h.corp/d?user=u&password={};more", "missing-parts"),
        ("mysql:host=h.corp;user=u;password={};dbname=d", "missing-parts"),
        ("Host=h.corp;Username=John Smith;Password={};Database=d", "missing-parts"),
        ("Host=h.corp;Database=d;Password={};", "missing-parts"),
        ("host=/var/run/postgresql user=u password={} dbname=d", "missing-parts"),
        ('"Host=h.corp,127.1;Username=u;Password={};Database=d"', "unfit"),
        ('"host=h.corp,h2.corp port=1024,1025,1026 user=u password={} dbname=d"', "unfit"),
        ("Host=h.corp;Port=99999;Username=u;Password={};Database=d", "unfit"),
    ],
)
def test_what_cannot_be_asked_in_one_way_only_is_not_asked(text, reason):
    assert unasked(text.format(PASSWORD)) == reason


def test_no_password_is_guessed_where_it_holds_what_no_protocol_takes():
    one = found(f'"Host=h.corp;Username=u;Password={PASSWORD};Database=d"').subject
    with pytest.raises(Failed) as raised:
        keyed.read(one._replace(secret=type(one.secret)(b"a\0b")))
    assert raised.value.reason == "unfit"
