"""Our own reader of a git repository's files: no ``git`` program, and next to nothing of its configuration."""
