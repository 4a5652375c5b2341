"""Images in registries (the OCI distribution interface): logins, tokens, redirects, downloads that go on where they were cut.

Nothing is written to disk: layers are scanned as they come.  No credential is shown to any host but the one it is for.
"""
