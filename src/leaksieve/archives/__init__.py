"""Safe walking of archives and compressed streams: bytes in, members out, nothing on disk and nothing run.

``magic`` says what bytes are, ``walk`` goes through them, ``limits`` are the bounds everything keeps to.
Only ``magic`` is cheap to import; the rest is loaded when the first archive is met.
"""
