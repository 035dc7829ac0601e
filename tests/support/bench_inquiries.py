"""How many payments a second are asked for at the bank: ``python -m tests.support.bench_inquiries``, part of ``make bench``.

The bank is the SNAP BI simulator in a process of its own; the worker is the product's. The floor is the same number of bare,
unsigned questions by the same HTTP library to the same door, which refuses them: no signature, no database, no result.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import shutil
import tempfile
import time
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)

from shared.kernel.clock import FrozenClock
from tests.service.disbursement.desk import open_desk, person
from tests.service.disbursement.paying import TARIFF, Office, account_number
from tests.support.snap_bank import SnapBankSimulator, Transfer, running
from tests.support.world import Ground

FRIDAY: Final = datetime(2025, 9, 26, 3, 0, tzinfo=UTC)
AIM: Final = 200
AT_ONCE: Final = 16
HEADING: Final = "## Questions to the bank"


def _bank(public_key: bytes, transfers: dict[str, Transfer], ready: Connection) -> None:
    key = load_pem_public_key(public_key)
    assert isinstance(key, RSAPublicKey)
    with running(SnapBankSimulator("dinsos", b"rahasia", key, lambda: FRIDAY, transfers=transfers)) as bank:
        ready.send(bank.url)
        ready.recv()  # until told to stop
        ready.send((len(bank.asked), bank.unexpected))


async def _floor(url: str, count: int) -> float:
    body = json.dumps({"originalPartnerReferenceNo": "-", "serviceCode": "17"}).encode()
    limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    async with httpx.AsyncClient(base_url=url, limits=limits) as http:
        places = asyncio.Semaphore(AT_ONCE)

        async def one() -> None:
            async with places:
                await http.post("/v1.0/transfer/status", content=body)

        started = time.monotonic()
        await asyncio.gather(*(one() for _ in range(count)))
        return time.monotonic() - started


async def measure(count: int) -> dict[str, float]:
    """``count`` unknown payments become paid by asking. Raise AssertionError where they do not."""
    folder = Path(tempfile.mkdtemp(prefix="ritme-inquiries-"))
    key = generate_private_key(65537, 2048)
    (folder / "snap.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    os.environ |= {
        "RITME_SNAP_CLIENT_ID": "dinsos", "RITME_SNAP_CLIENT_SECRET": "rahasia", "RITME_SNAP_PARTNER_ID": "DINSOS",
        "RITME_SNAP_PRIVATE_KEY_FILE": str(folder / "snap.pem"), "RITME_SNAP_PER_SECOND": "1000", "RITME_SNAP_AT_ONCE": str(AT_ONCE),
    }  # fmt: skip
    ground = Ground(folder)
    with ground.postgres:
        async with open_desk(ground, FrozenClock(FRIDAY)) as desk:
            office = Office(desk)
            await office.open_month_with_accounts(range(count))
            batch = await office.released()
            await office.post("operator", f"/batches/{batch['id']}/results-due")
            await desk.settle()
            number_of = {str(person(number)): number for number in range(count)}
            transfers = {
                line["reference"]: Transfer(TARIFF, account_number(number_of[line["person_id"]])) for line in await office.lines(batch)
            }
            ours, theirs = multiprocessing.Pipe()
            public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            bank = multiprocessing.get_context("spawn").Process(target=_bank, args=(public, transfers, theirs))
            bank.start()
            url = ours.recv()
            os.environ["RITME_SNAP_URL"] = url
            started = time.monotonic()
            await desk.settle()
            seconds = time.monotonic() - started
            assert desk.outcomes() == {"paid": count}, desk.outcomes()
            floor = await _floor(url, count)
            ours.send("stop")
            asked, unexpected = ours.recv()
            bank.join()
            assert (asked, unexpected) == (count, []), (asked, unexpected)
    shutil.rmtree(folder, ignore_errors=True)
    return {"questions": count, "seconds": seconds, "per_second": count / seconds, "floor_per_second": count / floor}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=3_000)
    parser.add_argument("--write", type=Path, help="put the section into this page, such as docs/performance.md")
    asked = parser.parse_args()
    found = asyncio.run(measure(asked.questions))
    met = "met" if found["per_second"] >= AIM else "missed"
    section = (
        f"{HEADING}\n\n"
        f"{asked.questions:,} payments without an outcome were asked for over a socket at a bank that speaks SNAP BI\n"
        f"(service 36), signed, checked and booked: {found['per_second']:.0f} a second (aim {AIM}: {met}). The floor, bare HTTP\n"
        f"questions without signature and database in the same run: {found['floor_per_second']:.0f} a second.\n"
    )
    print(section)
    if asked.write:
        page = asked.write.read_text().split(HEADING)[0].rstrip()
        asked.write.write_text(f"{page}\n\n{section}")


if __name__ == "__main__":
    main()
