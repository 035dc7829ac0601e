"""A panti's book by file: problems by row and column, two people, people without NIK, and the same nights as by the doors."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.kernel.clock import FrozenClock
from tests.service.beneficiary.story import Citizen, commit, decreed, send
from tests.support.world import World

HEADER = "kode_panti;tanggal;jam;peristiwa;nik;nomor_sementara;nama;ke_panti;rencana_kembali;alasan"
HEAD = "panti-head"


@pytest.fixture
def clock() -> FrozenClock:
    """Friday 19 September 2025."""
    return FrozenClock(datetime(2025, 9, 19, 3, tzinfo=UTC))


async def opened(world: World, *codes: str) -> None:
    for code in codes:
        answer = await world.as_("operator").post(f"/beneficiary/panti/{code}/book", json={"from_day": "2025-01-01"})
        assert answer.status_code == 201, answer.text


def book(*rows: str) -> bytes:
    return ("\r\n".join([HEADER, *rows]) + "\r\n").encode()


async def problems(world: World, rows: Sequence[str], *, by: str = "operator") -> list[tuple[int, str, str]]:
    status, view = await send(world, "daily_book", book(*rows), {"count": len(rows)}, by=by)
    assert status == 201, view
    items = (await world.as_(by).get(f"/beneficiary/imports/{view['id']}/problems")).json()["items"]
    return [(one["row"], one["column"], one["code"]) for one in items]


async def nights(world: World, panti: str) -> dict[str, int]:
    query = {"from": "2025-01-01", "to": "2025-01-20"}
    items = (await world.as_("operator").get(f"/beneficiary/panti/{panti}/census", params=query)).json()["items"]
    return {one["day"][8:]: one["residents"] for one in items if one["residents"]}


async def test_a_book_of_months_comes_in_by_two_and_the_cards_follow(world: World) -> None:
    """Older than one person may enter: a file may, since a second person commits it."""
    known = Citizen(5)
    await decreed(world, [known])
    await opened(world, "BM1", "BM2")
    rows = (
        f"BM1;2025-01-01;;masuk;{known.nik};;;;;penghuni saat buku dibuka",
        "BM1;2025-01-02;;masuk;;WBS-1;Tanpa nama, laki-laki;;;jangkauan",
        "BM1;2025-01-05;08.00;cuti;;WBS-1;;;2025-01-07;keluarga",
        "BM1;2025-01-07;;kembali;;WBS-1;;;;kembali",
        "BM1;2025-01-10;;pindah;;WBS-1;;BM2;;perawatan",
        "BM2;2025-01-11;;kabur;;BM1/WBS-1;;;;kabur malam",
        "BM2;2025-01-12;;kembali;;bm1/wbs-1;;;;diantar Satpol PP",
        "BM1;2025-01-12;;keluar;" + known.nik + ";;;;;pulang",
    )
    status, view = await send(world, "daily_book", book(*rows), {"count": 8}, by="operator2")
    assert status == 201
    assert view["ready"], view
    assert view["totals"] == {
        "count": 8, "new_people": 1,
        "kinds": {"masuk": 2, "cuti": 1, "kembali": 2, "pindah": 1, "keluar": 1, "kabur": 1},
    }  # fmt: skip
    assert await nights(world, "BM1") == {}
    assert (await commit(world, view["id"], by="operator2"))[1]["code"] == "four-eyes"
    status, done = await commit(world, view["id"], by="operator")
    assert status == 200, done
    # Both lines about the card holder came at once: she is outside now, so nothing is on hold.
    assert done["result"] == {"lines": 8, "people": 2, "held": 0, "reopened": 0}
    assert await nights(world, "BM1") == {
        "01": 1, "02": 2, "03": 2, "04": 2, "05": 1, "06": 1, "07": 2, "08": 2, "09": 2, "10": 1, "11": 1,
    }  # fmt: skip
    assert set(await nights(world, "BM2")) == {"10", *(f"{day:02}" for day in range(12, 21))}
    shown = (await world.as_("operator").get("/beneficiary/panti/BM2/residents")).json()["items"]
    assert [(one["name"], one["number"]) for one in shown] == [("Tanpa nama, laki-laki", "BM1/WBS-1")]


async def test_what_is_wrong_is_named_by_row_and_column(world: World) -> None:
    await opened(world, "BM1", "BM2")
    rows = (
        "BM1;2024-12-31;;masuk;;A;Contoh Satu;;;rujukan",
        "BM1;2025-09-20;;masuk;;B;Contoh Dua;;;rujukan",
        "KK;2025-02-01;;masuk;;C;Contoh Tiga;;;rujukan",
        "BM1;2025-02-01;;keluar;;D;;;;pulang",
        "BM1;2025-02-01;;masuk;;;Contoh Lima;;;rujukan",
        "BM1;2025-02-01;;pindah;;E;Contoh Enam;;;pindah",
        "BM1;2025-02-01;25.00;masuk;;F;Contoh Tujuh;;;rujukan",
        "BM1;2025-02-01;;bosan;;G;Contoh Delapan;;;rujukan",
        "BM1;2025-02-01;;masuk;;H;Contoh Sembilan;;;rujukan",
        "BM1;2025-02-03;;kembali;;H;;;;rujukan",
        "BM2;2025-02-04;;cuti;;H;;;;beda panti, beda nomor",
        "BM1;2025-02-05;;cuti;;H;;;2025-02-01;keluarga",
    )
    assert await problems(world, rows) == [
        (2, "tanggal", "before-book"),
        (3, "tanggal", "future-day"),
        (4, "kode_panti", "book-not-open"),
        (5, "nama", "person-unknown"),
        (6, "nik", "whom"),
        (7, "ke_panti", "to-panti"),
        (8, "jam", "code-invalid"),
        (9, "peristiwa", "unknown-choice"),
        (11, "peristiwa", "illegal-transition"),
        (12, "nama", "person-unknown"),
        (13, "rencana_kembali", "expected-return"),
    ]


async def test_a_head_sends_the_own_book_only(world: World) -> None:
    await opened(world, "BM1", "BM2")
    row = "BM2;2025-02-01;;masuk;;A;Contoh Satu;;;rujukan"
    assert await problems(world, [row], by=HEAD) == [(2, "kode_panti", "not-your-panti")]
    _, view = await send(world, "daily_book", book(row), {"count": 1}, by="operator")
    assert (await commit(world, view["id"], by=HEAD))[1]["code"] == "not-your-panti"


async def test_a_line_that_was_written_meanwhile_refuses_the_whole_file(world: World) -> None:
    await opened(world, "BM1")

    async def checked(*rows: str) -> dict[str, Any]:
        _, view = await send(world, "daily_book", book(*rows), {"count": len(rows)})
        assert view["ready"], view
        return view

    first = await checked("BM1;2025-02-01;;masuk;;A;Contoh Satu;;;rujukan")
    same = await checked("BM1;2025-02-01;;masuk;;A;Contoh Satu;;;rujukan lain")
    assert (await commit(world, first["id"]))[0] == 200
    assert (await commit(world, same["id"]))[1]["code"] == "book-moved-on"
    away = await checked("BM1;2025-02-03;;keluar;;A;;;;pulang")
    again = await checked("BM1;2025-02-04;;keluar;;A;;;;pulang")
    assert (await commit(world, away["id"]))[0] == 200
    assert (await commit(world, again["id"]))[1]["code"] == "illegal-transition"
