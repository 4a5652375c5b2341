"""Draws docs/scan.svg, the picture in the README, and writes the same as text below it: a real scan of a small repository and its history.

The repository is made in a temporary folder, its tokens at run time; the program masks them before
anything is drawn.  Run from anywhere, with leaksieve installed: ``python docs/make_picture.py``.
"""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.sax.saxutils import escape

from leaksieve.ruleset.template import expand

PICTURE = Path(__file__).parent / "scan.svg"
README = Path(__file__).parents[1] / "README.md"
COMMAND = "leaksieve scan ."
WIDTH = 90

CELL, LINE, LEFT, TOP = 8.4, 19, 22, 62
BACKGROUND, BAR, TEXT = "#0f1419", "#1a212a", "#d5dae0"
STYLES = {"1": "b", "2": "d", "31": "r", "32": "g", "33": "y", "36": "c"}
CSS = (
    "text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;white-space:pre;fill:" + TEXT + "}"
    ".b{font-weight:700}.d{fill:#7d8896}.r{fill:#ff6b6b}.g{fill:#7fd88f}.y{fill:#f2c14e}.c{fill:#6cc7d9}.p{fill:#7fd88f}"
)
_PIECE = re.compile(r"\x1b\[([\d;]*)m|([^\x1b]+)")


def make_repository(top: Path) -> None:
    """Make a shop with what shops leak: a token that was deleted, one key in two places, a password inside base64, a test password, an ignored file.

    Names, dates and contents are fixed, and with them the ids of the commits.
    """
    deleted = expand("dop_v1_<hex:64>", 7).decode()
    key = expand("sk_live_<alnum:24>", 11).decode()
    password = expand("<pass:18>", 3).decode()
    test = expand("<pass:15>", 5).decode()
    queue = base64.b64encode(f"amqps://shop:{password}@queue.shop.internal:5671/".encode()).decode()
    first = {
        ".gitignore": ".env\n",
        "README.md": "# shop\n",
        "deploy/release.sh": f"export DIGITALOCEAN_TOKEN={deleted}\n",
        "tests/test_login.py": f'PASSWORD = "{test}"\n',
    }
    second = {
        "billing/charge.py": f'import stripe\n\nstripe.api_key = "{key}"\n',
        "deploy/worker.yaml": f"kind: Secret\nmetadata:\n  name: worker\ndata:\n  queue: {queue}\n",
        "docs/refunds.md": f"    curl -u {key}: $API/refunds\n",
    }
    _git(top.parent, "init", "-q", "-b", "main", "--template=", "--object-format=sha1", str(top))
    _commit(top, first, "Ada", "2024-03-04T09:30:00+00:00", "A shop")
    (top / "deploy" / "release.sh").unlink()
    _commit(top, second, "Ben", "2024-03-07T16:10:00+00:00", "Releases are made by CI; payments")
    (top / ".env").write_text("DEBUG=1\n", encoding="utf-8")


def _commit(top: Path, files: dict[str, str], name: str, date: str, message: str) -> None:
    for file, text in files.items():
        path = top / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    _git(top, "add", "-A")
    _git(top, "commit", "-q", "--no-gpg-sign", "--no-verify", "-m", message, name=name, date=date)


def _git(folder: Path, *words: str, name: str = "", date: str = "") -> None:
    """Run git with nobody's configuration."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    for role in ("AUTHOR", "COMMITTER") if name else ():
        environment |= {f"GIT_{role}_NAME": name, f"GIT_{role}_EMAIL": f"{name.lower()}@shop.example", f"GIT_{role}_DATE": date}
    subprocess.run(["git", *words], cwd=folder, env=environment, check=True)


def scan(*, color: bool) -> str:
    """Scan that repository with the real program; what it wrote to standard output."""
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder) / "shop"
        make_repository(top)
        look = {"FORCE_COLOR": "1"} if color else {"NO_COLOR": "1"}
        kept = {name: value for name, value in os.environ.items() if name not in {"FORCE_COLOR", "NO_COLOR"} and not name.startswith(("GIT_", "LEAKSIEVE_"))}
        # Neither uses nor leaves behind what earlier scans of the same commits kept.
        look |= {"XDG_CACHE_HOME": folder, "LEAKSIEVE_CACHE_DIR": folder}
        command = [sys.executable, "-P", "-m", *COMMAND.split()]
        done = subprocess.run(command, cwd=top, env={**kept, **look, "COLUMNS": str(WIDTH), "CI": "1"}, capture_output=True, check=False)
    if done.returncode != 1:
        raise SystemExit(f"the scan should find something and exit 1; it exited {done.returncode}: {done.stderr.decode()}")
    return done.stdout.decode()


def draw(output: str) -> str:
    """Terminal output with its colour codes -> SVG."""
    lines = [f"\x1b[32m$\x1b[0m {COMMAND}", "", *output.rstrip("\n").split("\n")]
    columns = max(len(re.sub(r"\x1b\[[\d;]*m", "", line)) for line in lines)
    wide, high = round(columns * CELL + 2 * LEFT), TOP + len(lines) * LINE + 8
    body = []
    classes: set[str] = set()
    for row, line in enumerate(lines):
        column, spans = 0, []
        for codes, text in _PIECE.findall(line):
            if text:
                # Every piece gets its place and length, so that the columns stand whatever font the viewer has.
                if text.strip():
                    names = " ".join(sorted(classes))
                    style = f' class="{names}"' if names else ""
                    place = f'x="{LEFT + column * CELL:.1f}" textLength="{len(text) * CELL:.1f}"'
                    spans.append(f"<tspan {place}{style}>{escape(text)}</tspan>")
                column += len(text)
            else:
                classes = {STYLES[code] for code in codes.split(";") if code in STYLES}
        if spans:
            body.append(f'<text y="{TOP + row * LINE}" xml:space="preserve">{"".join(spans)}</text>')
    dots = "".join(f'<circle cx="{22 + 20 * number}" cy="19" r="6" fill="{color}"/>' for number, color in enumerate(("#ff5f57", "#febc2e", "#28c840")))
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}"',
            f'role="img" aria-label="{COMMAND} in a terminal">',
            f"<style>{CSS}</style>",
            f'<rect width="{wide}" height="{high}" rx="9" fill="{BACKGROUND}"/>',
            f'<path d="M0 38V9a9 9 0 0 1 9-9H{wide - 9}a9 9 0 0 1 9 9v29z" fill="{BAR}"/>{dots}',
            *body,
            "</svg>\n",
        )
    )


def with_scan(readme: str, output: str) -> str:
    """The README with this output in its console block."""
    block = f"```console\n$ {COMMAND}\n\n{output.rstrip()}\n```"
    return re.sub(r"^```console\n.*?^```$", lambda _: block, readme, count=1, flags=re.MULTILINE | re.DOTALL)


if __name__ == "__main__":
    PICTURE.write_text(draw(scan(color=True)), encoding="utf-8")
    README.write_text(with_scan(README.read_text(encoding="utf-8"), scan(color=False)), encoding="utf-8")
