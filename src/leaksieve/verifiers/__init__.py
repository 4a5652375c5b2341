"""Asking providers whether a credential works.

Requests that HTTP can express are tables in the rule files (``[[verify]]``, see ``rules/README.md``); what it
cannot is code, named by a table's ``code`` and listed here.  Nothing is imported before it is used.
"""

from __future__ import annotations

# Name of a `code` -> "module:function"; the function takes the table and returns a Verifier.
CODE: dict[str, str] = {
    "connection-url": "leaksieve.verifiers.servers.connection:make",
    "connection-string": "leaksieve.verifiers.servers.connection:make_keyed",
    "aws-sts": "leaksieve.verifiers.aws:sts",
    "azure-client-secret": "leaksieve.verifiers.azure:client_secret",
    "azure-storage-key": "leaksieve.verifiers.azure_storage:key",
    "azure-storage-sas": "leaksieve.verifiers.azure_storage:sas",
    "google-refresh-token": "leaksieve.verifiers.google:refresh_token",
    "google-service-account": "leaksieve.verifiers.google:service_account",
    "registry-login": "leaksieve.verifiers.containers:make",
    "private-key": "leaksieve.verifiers.keys:private_key",
    "json-web-token": "leaksieve.verifiers.jwt:token",
}
