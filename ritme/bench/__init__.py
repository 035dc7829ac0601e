"""``ritme bench``: a whole month of many synthetic people through the doors, each step beside its floor.

The floor of a step is what PostgreSQL itself takes for the same rows by plain SQL or COPY, in the same server and run: no
HTTP, no checks, no encryption, no Python. A ratio says how far the product is from what the machine can do, and stays
true on another machine.
"""

from __future__ import annotations

from ritme.bench.month import Bench, run
from ritme.bench.report import as_json, as_markdown, growth

__all__ = ["Bench", "as_json", "as_markdown", "growth", "run"]
