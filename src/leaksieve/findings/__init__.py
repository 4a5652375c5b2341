"""What becomes of a match: its place, its context, its fingerprint, and one finding per secret."""
