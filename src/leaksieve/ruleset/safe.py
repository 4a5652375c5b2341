"""Shapes that are no leaks, whatever they are assigned to: ciphertext, hashes, public keys, references to a store.

``shape`` says which one a value has.  Files made by machines that hold nothing but checksums, and files
of translations, are known by their names.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

# Name, what the value begins with (lower case; none: it may be anything), pattern of the whole value.
# A pattern is compiled when a value first begins like it.
SHAPES: tuple[tuple[str, tuple[bytes, ...], bytes], ...] = (
    # Ciphertext that is made to be committed.
    ("sops", (b"enc[",), rb"ENC\[(?:AES256_GCM|PKCS7|KMS|GPG),.*"),
    ("vault-transit", (b"vault:v",), rb"vault:v[0-9]{1,6}:.*"),
    ("ansible-vault", (b"$ansible",), rb"\$ANSIBLE_VAULT;.*"),
    ("sealed-secret", (b"ag",), rb"Ag[A-D][A-Za-z0-9+/]{200,}={0,2}"),
    ("git-crypt", (b"\0gitcrypt", b"gitcrypt"), rb"\x00?GITCRYPT.*"),
    ("rails-credentials", (), rb"[A-Za-z0-9+/=]{40,}--[A-Za-z0-9+/]{16}={0,2}--[A-Za-z0-9+/]{22}=="),
    ("jasypt", (b"enc(",), rb"ENC\([A-Za-z0-9+/=]+\)?"),
    ("eyaml", (b"enc[",), rb"ENC\[.*"),
    ("pgp-message", (b"-----begin pgp",), rb"-----BEGIN PGP (?:MESSAGE|PUBLIC KEY BLOCK|SIGNATURE).*"),
    # Public halves and certificates.
    ("age-recipient", (b"age1",), rb"age1(?:pq1|yubikey1)?[02-9ac-hj-np-z]{50,2000}"),
    (
        "ssh-public-key",
        (b"ssh-", b"ecdsa-sha2-", b"sk-"),
        rb"(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-nistp[0-9]{3}|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)(?: .*)?",
    ),
    ("ssh-public-key", (b"aaaa",), rb"AAAA(?:B3NzaC1yc2E|C3NzaC1lZDI1NTE5|E2VjZHNhLXNoYTIt)[A-Za-z0-9+/=]*"),
    ("public-key", (b"-----begin",), rb"-----BEGIN (?:RSA |EC |DSA )?PUBLIC KEY.*"),
    ("public-key", (b"mi", b"mf", b"mh", b"mc"), rb"M[A-Z][A-Za-z0-9+/]{2,16}(?:0GCSqGSIb3DQEBAQUAA4|KoZIzj0CAQY|owBQYDK2VwAyEA)[A-Za-z0-9+/=\\]*"),
    ("certificate", (b"-----begin",), rb"-----BEGIN (?:TRUSTED |X509 )?(?:CERTIFICATE|X509 CRL|NEW CERTIFICATE REQUEST).*"),
    ("ssh-fingerprint", (b"sha256:", b"md5:"), rb"(?:SHA256:[A-Za-z0-9+/]{43}=?|MD5:(?:[0-9a-fA-F]{2}:){15}[0-9a-fA-F]{2})"),
    ("fingerprint", (), rb"(?:[0-9a-fA-F]{2}:){15}(?:(?:[0-9a-fA-F]{2}:){4}(?:(?:[0-9a-fA-F]{2}:){12})?)?[0-9a-fA-F]{2}"),
    # Hashes of passwords and of files.
    ("password-hash", (b"$",), rb"\$(?:2[abxy]?|1|5|6|7|y|gy|sha1|md5|apr1|argon2(?:id?|d)|scrypt|pbkdf2[a-z0-9-]*|P|H|S|bcrypt-sha256|ml)\$.*"),
    ("password-hash", (b"{",), rb"(?i:\{(?:SSHA(?:256|384|512)?|SHA(?:256|384|512)?|S?MD5|BCRYPT|CRYPT|PBKDF2[A-Z0-9_-]*|ARGON2|X-[A-Z0-9-]+)\}).*"),
    (
        "password-hash",
        (b"pbkdf2", b"bcrypt", b"argon2", b"scrypt", b"md5$", b"sha1$"),
        rb"(?:pbkdf2_sha(?:1|256|512)|bcrypt(?:_sha256)?|argon2|scrypt|md5|sha1)\$[0-9A-Za-z,=]{1,40}\$.*",
    ),
    ("password-hash", (b"scram-sha-",), rb"(?i:scram-sha-(?:1|256|512))\$[0-9]{3,7}:.*"),
    ("password-hash", (b"md5", b"*"), rb"md5[0-9a-f]{32}|\*[0-9A-F]{40}"),
    ("checksum", (b"sha", b"md5", b"blake", b"urn:"), rb"(?:sha(?:1|224|256|384|512)|md5|blake2b|blake3)[-:=][A-Za-z0-9+/=_-]+|(?i:urn:sha1:).*"),
    ("go-checksum", (b"h1:",), rb"h1:[A-Za-z0-9+/]{43}="),
    # What leaksieve's own reports call a secret.
    ("leaksieve-fingerprint", (b"ls1-", b"ls1w-"), rb"ls1-[0-9a-f]{32}|ls1w-[0-9a-f]{8}"),
    # Constants of standards: RFC 6455 has every WebSocket server append this one to the client's key.
    ("websocket-guid", (b"258eafa5-",), rb"(?i:258EAFA5-E914-47DA-95CA-C5AB0DC85B11)"),
    # Characters by their number, as tables of glyphs and of keys have them.
    ("escaped-characters", (b"\\u",), rb"(?:\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8})+"),
    # Names of things, not things.
    ("aws-arn", (b"arn:",), rb"arn:aws[a-z-]*:.*"),
    (
        "algorithm",
        (
            b"pb",
            b"ec",
            b"ed",
            b"rsa",
            b"a1",
            b"a2",
            b"aes",
            b"des",
            b"3des",
            b"hs",
            b"rs",
            b"es",
            b"ps",
            b"sha",
            b"hmac",
            b"mac",
            b"md5",
            b"pkcs",
            b"secp",
            b"prime",
            b"aws:kms",
        ),
        (
            rb"(?i:(?:PBES2|PBKDF2|ECDH(?:-ES)?|ECDSA|EdDSA|RSA(?:SSA)?|AES|3?DES(?:ede)?|HS|RS|ES|PS|SHA|SHA3|H?MAC(?:SHA)?|MD5|PKCS|secp|prime|A(?=128|192|256)|Ed(?=25519|448)|aws:kms)"
            rb"(?:[-_/+.]?(?:[0-9]{1,4}(?:[rkvt][0-9])?|GCM|CBC|CTR|ECB|CFB|OFB|KW|HS|SHA|RSA|AES|HMAC|MD5|OAEP|PSS|PKCS[0-9]|Padding|No|ES|with|and|MGF1|ECDSA|Encrypt(?:ion)?|A(?=128|192|256))){1,8})"
        ),
    ),
    (
        "mechanism",
        (b"xoauth", b"oauth", b"cram-", b"digest-", b"scram-", b"ntlm", b"http", b"tls", b"ssl", b"ike", b"wpa", b"mtls"),
        rb"(?i:XOAUTH2?|OAUTHBEARER|(?:CRAM|DIGEST)-MD5|SCRAM-SHA-[0-9]{1,3}(?:-PLUS)?|NTLM(?:v2)?|OAUTH-?[12](?:\.0a?)?|HTTPS?|TLSv?1(?:[._][0-3])?|SSLv[23]|IKEv[12]|WPA[23]?(?:-PSK)?|mTLS)",
    ),
    ("colour", (b"#",), rb"#[0-9a-fA-F]{3,8}"),
    ("kms-key", (b"alias/", b"key/", b"mrk-", b"projects/"), rb"(?:alias/|key/|mrk-).*|projects/[^/]+/(?:locations|secrets|serviceAccounts)/.*"),
    (
        "store-reference",
        (
            b"op:",
            b"ref+",
            b"vault:",
            b"sm:",
            b"secret",
            b"keyring:",
            b"keychain:",
            b"ssm:",
            b"aws",
            b"akv:",
            b"azure",
            b"gcpsm:",
            b"gsm:",
            b"bws:",
            b"bw:",
            b"doppler:",
            b"infisical:",
            b"chamber:",
            b"env:",
            b"file:",
        ),
        rb"(?:op|ref\+[a-z0-9]+|vault|sm|secrets?|keyring|keychain|ssm|awssm|akv|azurekeyvault|gcpsm|gsm|bws?|doppler|infisical|chamber|env|file|secretsmanager|aws-secretsmanager):(?:/|[a-z][\w-]*[/:#]|[A-Z_]+\Z).*",
    ),
    (
        "store-reference",
        (b"{{", b"@microsoft", b"https://", b"%"),
        rb"\{\{ ?resolve:(?:secretsmanager|ssm|ssm-secure):.*|@Microsoft\.KeyVault\(.*|https://[\w-]+\.vault\.azure\.net/.*|%\{?env:.*",
    ),
    ("template", (b"$", b"{{", b"<%", b"%(", b"#{", b"[[", b"@", b"__"), rb"\$\{.*|\$\(.*|\{\{.*|<%.*|%\(.*|#\{.*|\[\[.*|@@?[A-Za-z_]+@@?|__[A-Z0-9_]+__"),
)

# Files that hold checksums, made by machines; nothing generic in them is a secret.
_MACHINE_MADE = (
    rb"(?i)(?:^|/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|deno\.lock|composer\.lock|gemfile\.lock|cargo\.lock|poetry\.lock|pdm\.lock|uv\.lock"
    rb"|pipfile\.lock|pixi\.lock|go\.sum|go\.work\.sum|mix\.lock|pubspec\.lock|podfile\.lock|package\.resolved|flake\.lock|gradle\.lockfile|packages\.lock\.json|conan\.lock|\.terraform\.lock\.hcl"
    rb"|cabal\.project\.freeze|(?:sha(?:1|256|512)|md5)(?:sums?)(?:\.txt)?|gradle-wrapper\.properties|[^/]*\.(?:min\.(?:js|css|mjs)|(?:js|css|mjs|ts)\.map|bundle\.js|chunk\.js|sha(?:1|256|512)(?:sums?)?|md5(?:sums?)?|asc|sig|svg|po|pot|xlf|xliff))\Z"
)


# Files of translations by their directory or name.
_TRANSLATED = (
    rb"(?i)(?:^|/)(?:locales?|lang|langs|languages?|i18n|l10n|translations?|nls|values-[a-z]{2}(?:-r[a-z]{2})?|[a-z]{2}(?:_[a-z]{2})?\.lproj)/"
    rb"|[._-][a-z]{2}(?:[_-][a-z]{2,4})?\.(?:properties|strings|resx|arb|yml|yaml|json|php|ini)\Z|(?:^|/)[a-z]{2}(?:[_-][a-z]{2,4})?\.(?:json|ya?ml|php|js|ts|ini|po)\Z|\.(?:strings|resx|arb|po|pot|ts\.xml|lang)\Z"
)


# What any shape begins with, to leave at once for nearly every value.
_BEGINS = tuple({begin for _, begins, _ in SHAPES for begin in begins})


@cache
def _compiled(pattern: bytes) -> re.Pattern[bytes]:
    return re.compile(b"(?s)(?:%b)\\Z" % pattern)


@cache
def _path_pattern(pattern: bytes) -> re.Pattern[bytes]:
    return re.compile(pattern)


def shape(value: bytes) -> str:
    """The name of the safe shape a value has ("" if none)."""
    lowered = value[:16].lower()
    if not lowered.startswith(_BEGINS) and b"--" not in value and value[2:3] != b":":
        return ""
    for name, begins, pattern in SHAPES:
        if begins:
            if not lowered.startswith(begins):
                continue
        elif b"--" not in value and value[2:3] != b":":
            continue  # what all shapes without a beginning have
        if _compiled(pattern).match(value):
            return name
    return ""


@lru_cache(maxsize=64)
def machine_made(path: bytes) -> bool:
    """Whether a file is a lock file, a bundle, a source map, a list of checksums or a table of translations."""
    return _path_pattern(_MACHINE_MADE).search(path) is not None


@lru_cache(maxsize=64)
def translated(path: bytes) -> bool:
    """Whether a file holds the texts of a user interface, where a password's value is the word for one."""
    return _path_pattern(_TRANSLATED).search(path) is not None
