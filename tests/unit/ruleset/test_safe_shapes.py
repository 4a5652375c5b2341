"""Known-safe shapes: ciphertext, hashes, public halves, references; lock files and translations."""

import pytest

from leaksieve.ruleset.safe import SHAPES, machine_made, shape, translated

B64 = b"q83vEjRWeJq83vASNFZ4mrze8BI0VniavN7w"
HEX = b"0123456789abcdef" * 4

SAFE = [
    ("sops", b"ENC[AES256_GCM,data:" + B64 + b",iv:abc=,tag:abc==,type:str]"),
    ("eyaml", b"ENC[XYZ," + B64 + b"]"),
    ("jasypt", b"ENC(" + B64 + b"=)"),
    ("vault-transit", b"vault:v1:" + B64),
    ("ansible-vault", b"$ANSIBLE_VAULT;1.1;AES256"),
    ("sealed-secret", b"AgB" + B64 * 7),
    ("rails-credentials", B64 * 2 + b"--" + B64[:16] + b"--" + B64[:22] + b"=="),
    ("pgp-message", b"-----BEGIN PGP MESSAGE-----"),
    ("age-recipient", b"age1" + b"qpzry9x8gf2tvdw0s3jn54khce6mua7l" * 2),
    ("ssh-public-key", b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5" + B64),
    ("ssh-public-key", b"AAAAB3NzaC1yc2E" + B64),
    ("public-key", b"MIIBIjANBgkqhkiG9w0BAQEFAAO".replace(b"BgkqhkiG9w0BAQEFAAO", b"Bgkqhki0GCSqGSIb3DQEBAQUAA4") + B64),
    ("public-key", b"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE" + B64),
    ("certificate", b"-----BEGIN CERTIFICATE-----"),
    ("ssh-fingerprint", b"SHA256:" + (B64 * 2)[:43]),
    ("fingerprint", b":".join([b"a1"] * 16)),
    ("fingerprint", b":".join([b"a1"] * 20)),
    ("password-hash", b"$2b$12$" + B64),
    ("password-hash", b"$argon2id$v=19$m=65536,t=3,p=4$" + B64),
    ("password-hash", b"{SSHA}" + B64),
    ("password-hash", b"pbkdf2_sha256$260000$salt$" + B64),
    ("password-hash", b"SCRAM-SHA-256$4096:" + B64),
    ("password-hash", b"md5" + HEX[:32]),
    ("checksum", b"sha512-" + B64 + b"=="),
    ("checksum", b"sha256:" + HEX),
    ("go-checksum", b"h1:" + (B64 * 2)[:43] + b"="),
    ("leaksieve-fingerprint", b"ls1-" + HEX[:32]),
    ("leaksieve-fingerprint", b"ls1w-" + HEX[:8]),
    ("aws-arn", b"arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf"),
    ("kms-key", b"alias/my-key"),
    ("kms-key", b"projects/p/secrets/db/versions/1"),
    ("store-reference", b"op://vault/item/field"),
    ("store-reference", b"vault:secret/data/db#password"),
    ("store-reference", b"ref+awssecrets://db/password"),
    ("store-reference", b"{{resolve:secretsmanager:db:SecretString:password}}"),
    ("store-reference", b"@Microsoft.KeyVault(SecretUri=https://x.vault.azure.net/secrets/db/)"),
    ("store-reference", b"https://x.vault.azure.net/secrets/db/0123456789abcdef"),
    ("template", b"${DB_PASSWORD}"),
    ("template", b"{{ .Values.password }}"),
    ("template", b"<%= ENV['X'] %>"),
    ("template", b"#{password}#"),
    ("template", b"__DB_PASSWORD__"),
    ("algorithm", b"PBES2-HS256+A128KW"),
    ("algorithm", b"AES/CBC/PKCS5Padding"),
    ("algorithm", b"RSA_4096"),
    ("mechanism", b"SCRAM-SHA-256"),
    ("colour", b"#ff7700"),
    ("websocket-guid", b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"),
    ("escaped-characters", b"\\U0001F5DD"),
    ("escaped-characters", b"\\u00e4\\u00df"),
]
NOT_SAFE = [
    b"kX9mQ2vLp7Rt", b"password1", b"secret123", b"envelope9", b"passw0rd:x", b"op3nSesame", b"ES1pQ8zW3nV6", b"A1b2C3d4E5f6", b"sha1sum-is-my-pw",
    b"filebeat77", b"http4Ever!", HEX[:40], B64, b"#Winter2024!", b"$ecret99", b"{secret-99}", b"mi5agent007", b"\\u00e4bc123", b"ls1-" + HEX[:33], b"ls1w-" + HEX[:9], b"ls1-aB3" + HEX[:29], b"",
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), SAFE, ids=[f"{number}-{name}" for number, (name, _) in enumerate(SAFE)])
def test_a_safe_shape_is_named(name, value):
    assert shape(value) == name


@pytest.mark.parametrize("value", NOT_SAFE)
def test_other_values_have_none(value):
    assert shape(value) == ""


def test_what_a_shape_begins_with_is_written_in_lower_case():
    assert all(begin == begin.lower() and len(begin) <= 16 for _, begins, _ in SHAPES for begin in begins)


@pytest.mark.parametrize(
    "path", [b"package-lock.json", b"web/yarn.lock", b"go.sum", b"a/b/Cargo.lock", b"dist/app.min.js", b"app.js.map", b"x/sha256sums", b"de.po"]
)
def test_files_made_by_machines(path):
    assert machine_made(path)


@pytest.mark.parametrize("path", [b"package.json", b"yarn.lock.py", b"app.js", b"src/admin.js", b"locksmith.toml", b"", b"\xff"])
def test_files_made_by_people(path):
    assert not machine_made(path)


@pytest.mark.parametrize(
    "path",
    [
        b"config/locales/de.yml",
        b"src/i18n/fr.json",
        b"lang/en/auth.php",
        b"messages_de.properties",
        b"res/values-de/strings.xml",
        b"App/en.lproj/x.strings",
        b"web/pt-br.json",
    ],
)
def test_translations(path):
    assert translated(path)


@pytest.mark.parametrize("path", [b"config/database.yml", b"src/language_server.py", b"application.properties", b".env", b"settings.json", b""])
def test_no_translations(path):
    assert not translated(path)
