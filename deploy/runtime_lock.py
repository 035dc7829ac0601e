"""Print the part of requirements.lock (on stdin) that the product needs at run time, hashes kept.

There is one lock for everything; an image needs no test tools. The lock says after each package
who wants it ("# via …"): what this project wants outside its dev group stays, and what those want.
Packages named as arguments stay too.
"""

from __future__ import annotations

import re
import sys

_NAME = re.compile(r"^([a-z0-9][a-z0-9._-]*)==")
_VIA = re.compile(r"^ +#(?: via)? +(\S.*?)\s*$")
_OURS = "ritme (pyproject.toml)"


def entries(lock: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Each package's lines, and who wants it."""
    found: dict[str, tuple[str, frozenset[str]]] = {}
    for block in re.split(r"\n(?=[a-z0-9])", lock):
        name = _NAME.match(block)
        if name is None:
            continue  # the head of the file
        wanted_by = (_VIA.match(line) for line in block.splitlines())
        found[name[1]] = (block.rstrip("\n"), frozenset(each[1] for each in wanted_by if each))
    return found


def runtime(lock: str, also: frozenset[str] = frozenset()) -> list[str]:
    """The lines of the packages that the product needs, in the order of the lock."""
    packages = entries(lock)
    kept = {_OURS, *also}
    while True:
        more = {name for name, (_, wanted_by) in packages.items() if name not in kept and wanted_by & kept}
        if not more:
            return [lines for name, (lines, _) in packages.items() if name in kept]
        kept |= more


if __name__ == "__main__":
    sys.stdout.write("\n".join(runtime(sys.stdin.read(), frozenset(sys.argv[1:]))) + "\n")
