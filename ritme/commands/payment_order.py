"""The treasury's papers of a list before its SP2D: SPP, its verification, SPM."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ritme.commands.finding import find
from ritme.terminal import Terminal, pairs, table, terminal

Number = Annotated[str, typer.Option(help="As it stands on the paper.")]
Day = Annotated[str, typer.Option(help="As 2025-09-17.")]


def add_to_batch(batch: typer.Typer) -> None:
    batch.command("payment-papers")(papers)
    batch.command("spp")(request)
    batch.command("verify-spp")(verify)
    batch.command("spm")(order)


def papers(context: typer.Context, batch: str) -> None:
    """SPP, its verification and SPM of a list."""
    shown = terminal(context)
    _show(shown, shown.doors("treasurer").get(f"/disbursement/batches/{find(shown, batch)['id']}/payment-papers"))


def request(context: typer.Context, batch: str, number: Number, day: Day) -> None:
    """Write down the SPP-LS of an approved list."""
    shown = terminal(context)
    door = f"/disbursement/batches/{find(shown, batch)['id']}/payment-request"
    _show(shown, shown.doors("treasurer").post(door, {"number": number, "day": day}))


def verify(
    context: typer.Context,
    batch: str,
    agreed: Annotated[bool, typer.Option("--agreed/--returned", help="Complete, or back to the treasurer.")],
    note: Annotated[str, typer.Option(help="Why it goes back, or what was looked at.")] = "",
) -> None:
    """The PPK-SKPD's word about the SPP; never by its maker."""
    shown = terminal(context)
    door = f"/disbursement/batches/{find(shown, batch)['id']}/payment-request/verification"
    _show(shown, shown.doors("treasurer2").post(door, {"agreed": agreed, "note": note}))


def order(
    context: typer.Context,
    batch: str,
    number: Number,
    day: Day,
    signer: Annotated[str, typer.Option(help="PA or KPA.")] = "PA",
) -> None:
    """Write down the SPM-LS as it was signed (paper: ritme papers spm)."""
    shown = terminal(context)
    door = f"/disbursement/batches/{find(shown, batch)['id']}/payment-order"
    _show(shown, shown.doors("treasurer").post(door, {"number": number, "day": day, "signer": signer}))


def _show(shown: Terminal, found: dict[str, Any]) -> None:
    keys = ("step", "number", "day", "amount", "signer", "note", "by", "of_this_list")
    rows = [[one[key] for key in keys] for one in found["history"]]
    shown.answer(found, pairs({"state": found["state"]}), table(keys, rows))
