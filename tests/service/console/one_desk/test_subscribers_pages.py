"""Systems outside by pages: proposed, decided by another, a secret once, tries with their outcome, and what is done where they fail."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from services.console.pages import subscribers
from shared.kernel.clock import FrozenClock
from shared.webhooks.subscribers import types_of
from tests.service.console.around_desk import DeskConsole
from tests.service.console.conftest import Visitor, words
from tests.service.disbursement.desk import Desk
from tests.service.disbursement.paying import Office
from tests.support.receiver import Receiver, receiving

MORNING = datetime(2025, 9, 18, 2, tzinfo=UTC)
OPENED = "disbursement.month.opened.v1"


@pytest.fixture
async def clock() -> FrozenClock:
    return FrozenClock(MORNING)


@pytest.fixture
async def outside(desk: Desk) -> AsyncIterator[Receiver]:
    with receiving() as receiver:
        receiver.now = desk.clock.now().timestamp()
        yield receiver


def wanted(url: str, *types: str) -> dict[str, object]:
    return {"nama": "Portal Jakarta", "alamat": url, "dokumen": "Perjanjian 4/2025", "jenis": list(types or (OPENED,)), "sejak_awal": ""}


async def agreed(operator: Visitor, approver: Visitor, outside: Receiver) -> str:
    """The page of a system that two people agreed on and that has its secret."""
    page = (await operator.does("/langganan", wanted(outside.url))).partition("?")[0]
    await approver.does(f"{page}/sahkan")
    shown = await operator.sends(f"{page}/rahasia")
    assert shown.status_code == 200
    found = re.search(r"whsec_[A-Za-z0-9+/=]+", shown.text)
    assert found is not None
    outside.secret = found[0]
    return page


def test_what_becomes_of_a_try_is_said_in_words() -> None:
    assert subscribers.problem_words("refused 503") == "Ditolak penerima (503)"
    assert subscribers.problem_words("gone 410") == "Penerima menyatakan berhenti (410)"
    assert subscribers.problem_words("timeout") == "Tidak menjawab dalam waktunya"


def test_every_event_that_can_be_sent_has_a_word() -> None:
    assert set(types_of("disbursement")) <= set(subscribers.TYPES), "say it in services/console/pages/subscribers.py"


async def test_two_people_agree_and_the_secret_is_shown_once(console: DeskConsole, outside: Receiver) -> None:
    operator, approver = await console().enters_as("operator"), await console().enters_as("approver")
    assert "Belum ada sistem luar yang diberi tahu" in await operator.reads("/langganan")
    page = (await operator.does("/langganan", wanted(outside.url))).partition("?")[0]
    own = await operator.http.get(page)
    assert f"{page}/sahkan" not in own.text, "whoever proposed it does not confirm it"
    refused = await operator.sends(f"{page}/sahkan")
    assert (refused.status_code, "Harus orang lain" in words(refused)) == (409, True)
    assert await approver.does(f"{page}/sahkan") == f"{page}?selesai=langganan-sahkan"
    assert "menunggu kunci rahasia" in await operator.reads("/langganan")
    secret = await operator.sends(f"{page}/rahasia")
    assert "whsec_" in secret.text
    assert secret.headers["cache-control"] == "no-store"
    read = await operator.http.get(page)
    assert "whsec_" not in read.text
    assert "Kunci rahasia baru dibuat" in words(read)
    assert "Bulan dibuka disbursement.month.opened.v1" in words(read)


async def test_a_refusal_keeps_what_was_typed(console: DeskConsole) -> None:
    operator = await console().enters_as("operator")
    private = await operator.sends("/langganan", wanted("https://10.0.0.7/masuk"))
    assert private.status_code == 422
    assert "harus https dan alamat umum" in words(private)
    assert 'value="https://10.0.0.7/masuk"' in private.text
    assert re.search(rf'value="{OPENED}" checked', private.text)
    none = await operator.sends("/langganan", {"nama": "Portal", "alamat": "https://contoh.example", "dokumen": "Perjanjian"})
    assert none.status_code == 422
    assert "Belum ada sistem luar yang diberi tahu" in await operator.reads("/langganan")


async def test_deliveries_with_their_outcome_and_what_is_done_where_it_fails(
    desk: Desk, console: DeskConsole, outside: Receiver
) -> None:  # fmt: skip
    operator, approver = await console().enters_as("operator"), await console().enters_as("approver")
    page = await agreed(operator, approver, outside)
    outside.always = 503
    office = Office(desk)
    await office.open_month(range(2))
    await desk.settle()
    read = await operator.reads(page)
    assert "1 kali berturut-turut tidak diterima: Ditolak penerima (503)" in read
    assert "Ditolak penerima (503)" in await operator.reads("/langganan")
    outside.always = None
    assert await operator.does(f"{page}/coba-lagi") == f"{page}?selesai=langganan-coba-lagi"
    await desk.settle()
    assert len(outside.taken) == 1
    assert "diterima (204)" in await operator.reads(page)
    nothing = await operator.sends(f"{page}/coba-lagi")
    assert nothing.status_code == 409

    assert isinstance(desk.clock, FrozenClock)
    later = await operator.sends(f"{page}/kirim-ulang", {"sejak": "2025-09-19T09:00"})
    assert (later.status_code, "belum ada yang terkirim" in words(later)) == (409, True)
    wrong = await operator.sends(f"{page}/kirim-ulang", {"sejak": "kemarin"})
    assert wrong.status_code == 422
    await operator.does(f"{page}/kirim-ulang", {"sejak": "2025-09-18T09:00"})  # nine in Jakarta is the desk's hour
    desk.clock.move(timedelta(minutes=1))
    outside.now = desk.clock.now().timestamp()
    await desk.settle()
    assert len(outside.taken) == 2
    assert outside.ids[0] == outside.ids[1], "the same event under its own id"
    await approver.does(f"{page}/hentikan")
    stopped = await operator.reads(page)
    assert "Dihentikan" in stopped
    assert "Buat kunci baru" not in stopped


async def test_whom_the_pages_are_for(console: DeskConsole, outside: Receiver) -> None:
    leader = await console().enters_as("leader")
    assert "Usulkan sistem" not in await leader.reads("/langganan")
    assert (await leader.sends("/langganan", wanted(outside.url))).status_code == 403
    await (await console().enters_as("jakpus")).reads("/langganan", status=403)
    await leader.reads("/langganan/01920000-0000-7000-8000-000000000001", status=404)
    operator = await console().enters_as("operator")
    assert (await operator.sends("/langganan/01920000-0000-7000-8000-000000000001/lupakan")).status_code == 404
