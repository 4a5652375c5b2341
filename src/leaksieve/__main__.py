"""``python -m leaksieve``: the same as the ``leaksieve`` command."""

from leaksieve.cli.main import run

if __name__ == "__main__":
    run()
