"""Prints the command under "Run the tests" in a README, so that what CI runs is what people are told to run."""

import re
import sys
from pathlib import Path

text = Path(sys.argv[1]).read_text(encoding="utf-8")
found = re.search(r"^\*\*Run the tests\*\*.*?^```sh\n(.+?)^```$", text, re.MULTILINE | re.DOTALL)
if found is None:
    sys.exit("the README names no command that runs the tests")
sys.stdout.write(found[1])
