"""Comparisons of leaksieve with other scanners and with itself: ``python -m benchmarks --help``."""
