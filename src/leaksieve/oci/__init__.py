"""Reading container images: references, manifests, configurations, layers in order, and what becomes of their files.

Nothing here scans, nothing is written to disk; blobs come from a provider (see ``provider``), whatever that reads from.
"""
