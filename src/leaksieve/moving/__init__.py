"""Reading what other scanners are set up with, and saying it in leaksieve's own terms.

``moving.<tool>`` reads that tool's files into a :class:`~leaksieve.moving.carried.Carried`; nothing here scans, writes or prints.
"""
