"""File names that promise secrets: an ignored file of such a name is said aloud, not silently left out."""

from __future__ import annotations

from typing import Final

_NAMES: Final = frozenset({
    b".dockercfg", b".env", b".envrc", b".git-credentials", b".htpasswd", b".netrc", b".npmrc", b".pgpass", b".pypirc", b".s3cfg", b".vault-token", b"_netrc",
    b"auth.json", b"client_secret.json", b"credentials", b"credentials.json", b"credentials.yaml", b"credentials.yml", b"id_dsa", b"id_ecdsa", b"id_ed25519",
    b"id_rsa", b"kubeconfig", b"local.settings.json", b"localsettings.php", b"master.key", b"secrets", b"terraform.rc", b".terraformrc", b"wp-config.php",
})  # fmt: skip
_ENDINGS: Final = (
    b".env", b".jks", b".kdbx", b".kdb", b".key", b".keystore", b".kubeconfig", b".ovpn", b".p12", b".p8", b".pem", b".pfx", b".ppk", b".tfstate",
    b".tfstate.backup", b".tfvars", b".tfvars.json",
)  # fmt: skip
_BEGINNINGS: Final = (b".env.", b"secrets.", b"client_secret_")
_HARMLESS: Final = (b".dist", b".example", b".pub", b".sample", b".template", b".tmpl", b".tpl")


def looks_like_secrets(name: bytes) -> bool:
    """Say whether a file of this base name is usually kept for its secrets (samples and templates are not)."""
    name = name.lower()
    if name.endswith(_HARMLESS):
        return False
    if name in _NAMES or name.endswith(_ENDINGS) or name.startswith(_BEGINNINGS):
        return True
    return name.startswith(b"service-account") and name.endswith(b".json")
