"""Whether two spellings of an account holder are one person's (DOMAIN.md trap 10): tolerant, and never a verdict.

Banks cut names at 30 characters, drop or add titles (H., Hj., Drs., alm.), BIN/BINTI and degrees, and abbreviate given names
(``M.``, ``MUH.``). A parent may hold a child's account: a difference is a hint for a person to look at, never a block.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import Final

CUT_AT: Final = 30
"""Characters of a name in the bank's own system."""

_TITLES: Final = frozenset(
    (
        # Before the name: religion, study, nobility, the dead, forms of address.
        "H", "HJ", "HAJI", "HAJJAH", "DR", "DRS", "DRA", "DRG", "IR", "PROF", "KH", "KRT", "RM", "RR", "RA", "R",
        "ALM", "ALMH", "ALMARHUM", "ALMARHUMAH", "TN", "NY", "NN", "SDR", "SDRI", "BPK", "IBU",
        # After it: degrees; QQ stands for "on behalf of".
        "SH", "SE", "SPD", "SKM", "ST", "MM", "MSI", "MPD", "SAG", "SSOS", "AMD", "SIP", "MH", "QQ",
    )
)  # fmt: skip
_BETWEEN: Final = frozenset(("BIN", "BINTI", "BT", "BTE", "B"))
_SAME: Final = {
    "MUHAMAD": "MUHAMMAD", "MOHAMMAD": "MUHAMMAD", "MOHAMAD": "MUHAMMAD", "MOCHAMAD": "MUHAMMAD", "MOCHAMMAD": "MUHAMMAD",
    "MUCHAMMAD": "MUHAMMAD", "MOH": "MUHAMMAD", "MUH": "MUHAMMAD", "MOCH": "MUHAMMAD", "MUCH": "MUHAMMAD", "MHD": "MUHAMMAD",
    "MD": "MUHAMMAD", "ACHMAD": "AHMAD", "AKHMAD": "AHMAD", "AKMAD": "AHMAD", "ABD": "ABDUL", "ST": "SITI",
}  # fmt: skip


class Likeness(StrEnum):
    """``same``: one name but for titles and cuts. ``similar``: part of it. ``differs``: somebody should look."""

    SAME = "same"
    SIMILAR = "similar"
    DIFFERS = "differs"


def tokens(name: str) -> list[str]:
    """The words that make a name: upper case, no accents, titles, degrees, BIN/BINTI."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().upper()
    # 'S.Pd' and "NUR'AINI" are one word each; other signs separate.
    plain = re.sub(r"(?<=\b[SMA])\.(?=(?:PD|SOS|AG|KM|SI|MD|IP|H|E|T|M)\b)", "", plain).replace("'", "").replace("`", "")
    words = re.findall(r"[A-Z]+", plain)
    if words[:1] == ["ST"]:
        words[0] = "SITI"  # an abbreviation where a name begins, a degree where it ends
    kept = [word for word in words if word not in _TITLES and word not in _BETWEEN]
    return [_SAME.get(word, word) for word in kept]


def likeness(ours: str, bank: str) -> Likeness:
    """Compare the holder as we have it with the holder as the bank says it."""
    left, right = tokens(ours), tokens(bank)
    if not left or not right:
        return Likeness.DIFFERS
    shorter, longer = sorted((left, right), key=len)
    cut = len(ours.strip()) >= CUT_AT - 1 or len(bank.strip()) >= CUT_AT - 1
    remaining = list(longer)
    hits = 0
    for position, word in enumerate(shorter):
        last = position == len(shorter) - 1
        match = next((one for one in remaining if _one_word(word, one, cut=cut and last)), None)
        if match is not None:
            remaining.remove(match)
            hits += 1
    if hits == len(shorter) and (not remaining or cut):
        return Likeness.SAME
    if "".join(left) == "".join(right):
        return Likeness.SAME  # SRI MULYANI and SRIMULYANI
    return Likeness.SIMILAR if hits and hits * 2 >= len(shorter) else Likeness.DIFFERS


def _one_word(one: str, other: str, *, cut: bool) -> bool:
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    return (len(short) == 1 or cut) and long.startswith(short)
