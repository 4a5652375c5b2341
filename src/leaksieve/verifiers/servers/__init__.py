"""Logging in to servers whose address stands in a URL: one exchange each, spoken by ourselves.

Drivers would do much more than is wanted here (pools, retries, fallbacks to weaker logins, unbounded answers) and few of
them take a connection that somebody else has opened to a vetted address.  What a login takes is small; it is here.
"""
