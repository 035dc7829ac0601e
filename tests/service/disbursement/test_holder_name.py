"""Holder names as banks write them: the same person, perhaps, or somebody to look at."""

from __future__ import annotations

import pytest

from services.disbursement.domain.holder_name import likeness


@pytest.mark.parametrize(
    ("ours", "bank", "expected"),
    [
        ("Siti Aminah", "SITI AMINAH", "same"),
        ("Hj. Siti Aminah", "SITI AMINAH", "same"),
        ("H. Ahmad Dahlan", "AHMAD DAHLAN HAJI", "same"),
        ("Drs. Suparman, M.M.", "SUPARMAN", "same"),
        ("Alm. Karto", "KARTO", "same"),
        ("Abdullah bin Umar", "ABDULLAH UMAR", "same"),
        ("Fatimah binti Hasan", "FATIMAH HASAN", "same"),
        ("Muhammad Ridwan", "MOCH RIDWAN", "same"),
        ("M. Ridwan", "MUHAMMAD RIDWAN", "same"),
        ("Sri Mulyani", "SRIMULYANI", "same"),
        ("Nur'aini", "NURAINI", "same"),
        ("Raden Ayu Siti Nurhaliza Kusumaningrum", "RADEN AYU SITI NURHALIZA KUSUM", "same"),
        ("St. Aisyah", "SITI AISYAH", "same"),
        ("Kusuma Wardani", "WARDANI KUSUMA", "same"),
        ("Budi Santoso", "BUDI", "similar"),
        ("Siti Aminah", "SITI ROHAYATI", "similar"),
        ("Siti Aminah", "JOKO WIDAGDO", "differs"),
        ("Siti Aminah", "", "differs"),
        ("H.", "HJ.", "differs"),
    ],
)
def test_names(ours: str, bank: str, expected: str) -> None:
    assert likeness(ours, bank) == expected
    assert likeness(bank, ours) == expected
