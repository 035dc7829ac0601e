"""Five devices delivered to one service, six paid by another: found by events between them."""

from __future__ import annotations

from tests.service.assistive_devices.store_room import StoreRoom, chairs
from tests.service.budget_audit.books import Books, food_key
from tests.support.world import World


async def test_five_delivered_and_six_paid(world: World) -> None:
    books, room = Books(world), StoreRoom(world)
    key = {**food_key(), "kode_akun": "5.2.03.01.01.0001", "panti": ""}
    await books.bring("dpa", [{**key, "uraian": "Alat bantu", "pagu": 1_100_000_000}])
    await room.receive(chairs(5))
    paid = {"nomor": "0200/SP2D/2025", "tanggal": "2025-03-20", **key, "nilai": 6 * 2_500_000, "rujukan": "BAST-03/2025"}
    await books.bring("sp2d", [paid])
    assert await books.mismatches(year=2025) == []
    await world.settle()
    (found,) = await books.mismatches(year=2025)
    assert (found["code"], found["subject"]) == ("goods_differ_from_sp2d", "BAST-03/2025")
    assert (found["expected"], found["actual"], found["difference"]) == (12_500_000, 15_000_000, 2_500_000)
    assert found["caused_by_event"].split("-")[0] in {"budget_audit", "assistive_devices"}
    assert (found["owner"], bool(found["due_on"])) == ("bidang-rehsos", True)

    # The sixth arrives later: what was asked is answered by that event.
    await room.receive(chairs(1, tanggal="2025-04-02"))
    await world.settle()
    (healed,) = await books.mismatches(year=2025)
    assert (healed["state"], healed["difference"]) == ("explained", 0)
