"""The budget's page: lines, what a revision left uncovered, versions and their difference, advances, and how far data reach."""

from __future__ import annotations

from tests.service.console.conftest import OpenConsole

KEY = "2025;1.06.0.00.0.00.01.0000;1.06.04.1.03.0002;5.1.02.01.01.{};{}"
HEAD = "tahun;kode_sub_skpd;kode_sub_giat;kode_akun;uraian;pagu\n"


def dpa(*lines: tuple[str, str, int]) -> tuple[str, bytes]:
    return "dpa.csv", (HEAD + "".join(f"{KEY.format(account, name)};{ceiling}\n" for account, name, ceiling in lines)).encode()


async def test_a_revision_is_read_in_rupiah(console: OpenConsole) -> None:
    treasurer = await console().enters_as("treasurer")
    assert "Belum ada DPA untuk tahun 2025" in await treasurer.reads("/anggaran/2025")
    assert "belum ada berkas" in await treasurer.reads("/anggaran/2025")
    for document, lines in (
        ("dpa", (("0043", "Natura", 400_000_000), ("0024", "Kertas", 20_000_000))), ("dppa", (("0043", "Natura", 250_000_000),)),
    ):  # fmt: skip
        typed = {
            "document": document, "number": f"{document.upper()}/1", "covers": "year", "count": str(len(lines)),
            "sum": str(sum(line[2] for line in lines)),
        }  # fmt: skip
        page = await treasurer.does("/impor/budget_audit/baru/dpa", typed, file=dpa(*lines))
        await treasurer.does(f"{page.partition('?')[0]}/simpan")
    shown = await treasurer.reads("/anggaran/2025")
    for said in (
        "DPPA (perubahan) DPPA/1",
        "Perbedaan versi 1 ke 2",
        "Turun",
        "Dihapus",
        "150.000.000",
        "uang muka yang terbuka belum diketahui",
    ):
        assert said in shown, said
    assert "Perbedaan versi 2 ke 1" in await treasurer.reads("/anggaran/2025?dari=2&ke=1")
    await treasurer.reads("/anggaran/kemarin", status=422)
