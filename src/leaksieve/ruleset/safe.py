"""Shapes that are no leaks, whatever they are assigned to: ciphertext, hashes, public keys, references to a store.

One pattern a line, each with its reason; ``shape`` says which one a value has.  Files made by machines
that hold nothing but checksums are known by their names.
"""

from __future__ import annotations

import re
from functools import cache

# Name, pattern of the whole value (or of its beginning, where it ends in \A...).
SHAPES = (
    # Ciphertext that is made to be committed.
    ("sops", rb"ENC\[(?:AES256_GCM|PKCS7|KMS|GPG),.*"),
    ("vault-transit", rb"vault:v[0-9]{1,6}:.*"),
    ("ansible-vault", rb"\$ANSIBLE_VAULT;.*"),
    ("sealed-secret", rb"Ag[A-D][A-Za-z0-9+/]{200,}={0,2}"),
    ("travis-secure", rb"[A-Za-z0-9+/]{680,700}={0,2}"),
    ("git-crypt", rb"\x00?GITCRYPT.*"),
    ("rails-credentials", rb"[A-Za-z0-9+/=]{40,}--[A-Za-z0-9+/]{16}={0,2}--[A-Za-z0-9+/]{22}=="),
    ("jasypt", rb"ENC\([A-Za-z0-9+/=]+\)?"),
    ("eyaml", rb"ENC\[.*"),
    ("pgp-message", rb"-----BEGIN PGP (?:MESSAGE|PUBLIC KEY BLOCK|SIGNATURE).*"),
    # Public halves and certificates.
    ("age-recipient", rb"age1(?:pq1|yubikey1)?[02-9ac-hj-np-z]{50,2000}"),
    ("ssh-public-key", rb"(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-nistp[0-9]{3}|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)(?: .*)?"),
    ("ssh-public-key", rb"AAAA(?:B3NzaC1yc2E|C3NzaC1lZDI1NTE5|E2VjZHNhLXNoYTIt)[A-Za-z0-9+/=]*"),
    ("public-key", rb"-----BEGIN (?:RSA |EC |DSA )?PUBLIC KEY.*"),
    ("public-key", rb"MI[GI][A-Za-z0-9+/]{2,14}(?:0GCSqGSIb3DQEBAQUAA4|KoZIzj0CAQY)[A-Za-z0-9+/=\\rn]*"),
    ("certificate", rb"-----BEGIN (?:TRUSTED |X509 )?(?:CERTIFICATE|X509 CRL|NEW CERTIFICATE REQUEST).*"),
    ("ssh-fingerprint", rb"(?:SHA256:[A-Za-z0-9+/]{43}|(?:MD5:)?(?:[0-9a-fA-F]{2}:){15}[0-9a-fA-F]{2}|(?:[0-9a-fA-F]{2}:){19}[0-9a-fA-F]{2}|(?:[0-9a-fA-F]{2}:){31}[0-9a-fA-F]{2})"),
    # Hashes of passwords and of files.
    ("password-hash", rb"\$(?:2[abxy]?|1|5|6|7|y|gy|sha1|md5|apr1|argon2(?:id?|d)|scrypt|pbkdf2[a-z0-9-]*|P|H|S|bcrypt-sha256|ml)\$.*"),
    ("password-hash", rb"(?i:\{(?:SSHA(?:256|384|512)?|SHA(?:256|384|512)?|S?MD5|BCRYPT|CRYPT|PBKDF2[A-Z0-9_-]*|ARGON2|X-[A-Z0-9-]+)\}).*"),
    ("password-hash", rb"(?:pbkdf2_sha(?:1|256|512)|bcrypt(?:_sha256)?|argon2|scrypt|md5|sha1)\$[0-9A-Za-z,=]{1,40}\$.*"),
    ("password-hash", rb"(?i:scram-sha-(?:1|256|512))\$[0-9]{3,7}:.*"),
    ("password-hash", rb"md5[0-9a-f]{32}|\*[0-9A-F]{40}"),
    ("checksum", rb"(?:sha(?:1|224|256|384|512)|md5|blake2b|blake3)[-:=][A-Za-z0-9+/=_-]+|(?i:urn:sha1:).*"),
    ("go-checksum", rb"h1:[A-Za-z0-9+/]{43}="),
    # Names of things, not things.
    (
        "algorithm",
        rb"(?i:(?:PBES2|PBKDF2|ECDH(?:-ES)?|ECDSA|EdDSA|RSA(?:SSA)?|AES|3?DES(?:ede)?|HS|RS|ES|PS|SHA|SHA3|H?MAC(?:SHA)?|MD5|PKCS|secp|prime|A(?=128|192|256)|Ed(?=25519|448)|aws:kms|ssh-rsa)"
        rb"(?:[-_/+.]?(?:[0-9]{1,4}(?:[rkvt][0-9])?|GCM|CBC|CTR|ECB|CFB|OFB|KW|GCMKW|HS|SHA|RSA|AES|HMAC|MD5|OAEP|PSS|PKCS[0-9]|(?:PKCS[0-9])?Padding|No|ES|with|and|MGF1|ECDSA|Encrypt(?:ion)?|WITH|A(?=128|192|256))){1,8})",
    ),
    ("aws-arn", rb"arn:aws[a-z-]*:.*"),
    ("mechanism", rb"(?i:XOAUTH2?|OAUTHBEARER|(?:CRAM|DIGEST)-MD5|SCRAM-SHA-[0-9]{1,3}(?:-PLUS)?|NTLM(?:v2)?|OAUTH-?[12](?:\.0a?)?|HTTPS?|TLSv?1(?:[._][0-3])?|SSLv[23]|IKEv[12]|WPA[23]?(?:-PSK)?|mTLS)"),
    ("colour", rb"#[0-9a-fA-F]{3,8}"),
    ("kms-key", rb"(?:alias/|key/|mrk-).*|projects/[^/]+/(?:locations|secrets|serviceAccounts)/.*"),
    ("store-reference", rb"(?:op|ref\+[a-z0-9]+|vault|sm|secret|secrets|keyring|keychain|ssm|awssm|akv|azurekeyvault|gcpsm|bws|doppler|infisical|pass|bw|lastpass|chamber|env|file|secretsmanager|aws-secretsmanager|gsm):(?://)?.*"),
    ("store-reference", rb"\{\{ ?resolve:(?:secretsmanager|ssm|ssm-secure):.*|@Microsoft\.KeyVault\(.*|https://[\w-]+\.vault\.azure\.net/.*|%\{?env:.*"),
    ("template", rb"\$\{.*|\$\(.*|\{\{.*|<%.*|%\(.*|#\{.*|\[\[.*|@@?[A-Za-z_]+@@?|__[A-Z0-9_]+__"),
)  # fmt: skip

# Files that hold checksums, made by machines; nothing generic in them is a secret.
_MACHINE_MADE = re.compile(
    rb"(?i)(?:^|/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|deno\.lock|composer\.lock|gemfile\.lock|cargo\.lock|poetry\.lock|pdm\.lock|uv\.lock"
    rb"|pipfile\.lock|pixi\.lock|go\.sum|go\.work\.sum|mix\.lock|pubspec\.lock|podfile\.lock|package\.resolved|flake\.lock|gradle\.lockfile|packages\.lock\.json|conan\.lock|\.terraform\.lock\.hcl"
    rb"|cabal\.project\.freeze|gradle-wrapper\.properties|[^/]*\.(?:min\.(?:js|css|mjs)|(?:js|css|mjs|ts)\.map|bundle\.js|chunk\.js|sha(?:1|256|512)(?:sums?)?|md5(?:sums?)?|asc|sig|svg|po|pot|xlf|xliff))\Z"
)


# Files of translations by their directory or name.
_TRANSLATED = re.compile(
    rb"(?i)(?:^|/)(?:locales?|lang|langs|languages?|i18n|l10n|translations?|nls|values-[a-z]{2}(?:-r[a-z]{2})?|[a-z]{2}(?:_[a-z]{2})?\.lproj)/"
    rb"|[._-][a-z]{2}(?:[_-][a-z]{2,4})?\.(?:properties|strings|resx|arb|yml|yaml|json|php|ini)\Z|(?:^|/)[a-z]{2}(?:[_-][a-z]{2,4})?\.(?:json|ya?ml|php|js|ts|ini|po)\Z|\.(?:strings|resx|arb|po|pot|ts\.xml|lang)\Z"
)


@cache
def _shapes() -> re.Pattern[bytes]:
    return re.compile(b"(?s)(?:" + b"|".join(b"(?:%b)" % pattern for _, pattern in SHAPES) + rb")\Z")


def shape(value: bytes) -> str:
    """The name of the safe shape a value has ("" if none)."""
    if not _shapes().match(value):
        return ""
    return next(name for name, pattern in SHAPES if re.fullmatch(b"(?s)(?:%b)" % pattern, value))


def is_safe(value: bytes) -> bool:
    """Whether a value has one of the safe shapes."""
    return _shapes().match(value) is not None


def machine_made(path: bytes) -> bool:
    """Whether a file is a lock file, a bundle, a source map, a list of checksums or a table of translations."""
    return _MACHINE_MADE.search(path) is not None


def translated(path: bytes) -> bool:
    """Whether a file holds the texts of a user interface, where a password's value is the word for one."""
    return _TRANSLATED.search(path) is not None
