"""Which form a batch's file has, and the adapter that writes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from services.disbursement.channels.column_file import ColumnFile
from services.disbursement.channels.port import BankChannel
from services.disbursement.domain.column_template import FIRST, ColumnTemplate

COLUMN_FILE: Final = "column_file"
ISO20022: Final = "iso20022"


@dataclass(frozen=True)
class FileForm:
    """``template``: of a column file; ``details``: what a payment message says of the payer."""

    channel: str = COLUMN_FILE
    details: Mapping[str, Any] = field(default_factory=dict)
    template: ColumnTemplate = FIRST
    template_id: UUID | None = None


def channel_for(form: FileForm) -> BankChannel:
    if form.channel == ISO20022:
        # libxml2 is loaded only where the bank is spoken to in XML.
        from services.disbursement.channels.iso20022.pain001 import PaymentMessage

        return PaymentMessage(form.details)
    return ColumnFile(form.template)
