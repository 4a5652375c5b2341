"""Places to scan, one module each."""
