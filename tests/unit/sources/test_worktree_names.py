"""Names that promise secrets, and names that only look like it."""

import pytest

from leaksieve.sources.worktree_names import looks_like_secrets

LIKELY = """.env .env.local .ENV.production prod.env server.pem tls.key id_rsa id_ed25519 credentials credentials.json secrets.yaml secrets.auto.tfvars
x.p12 x.pfx x.jks x.keystore x.kdbx .netrc .npmrc .pypirc .htpasswd terraform.tfvars prod.tfvars.json terraform.tfstate terraform.tfstate.backup kubeconfig
service-account.json service-account-prod.json wp-config.php .git-credentials"""
UNLIKELY = """.env.example .env.sample .env.template secrets.yaml.dist wp-config.php.sample id_rsa.pub environment main.py keys.py monkey.txt service-account.md
x.pem.example credentials.py secretsanta.txt"""


@pytest.mark.parametrize("name", LIKELY.split())
def test_promising_names(name):
    assert looks_like_secrets(name.encode())


@pytest.mark.parametrize("name", UNLIKELY.split())
def test_harmless_names(name):
    assert not looks_like_secrets(name.encode())
