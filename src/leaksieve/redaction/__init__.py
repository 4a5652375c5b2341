"""Redaction of streams, log records and texts: the engine's matches become placeholders, all other bytes stay as they are."""
