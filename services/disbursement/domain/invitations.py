"""How often a new recipient is called to fetch the card, and who may not be called."""

from __future__ import annotations

from typing import Final

from shared.kernel.errors import Refusal

INVITATIONS_MAX: Final = 3
"""After the third call nobody is called again: the office visits (DOMAIN.md, Channel)."""


class NobodyToAsk(Refusal):
    """Everybody entitled has an account, or is asked for already."""

    code = "nobody-to-ask"


class NobodyToInvite(Refusal):
    """Nobody here waits for a card and may still be called."""

    code = "nobody-to-invite"


class NoCardWaiting(Refusal):
    """This person has no account whose card waits to be handed over."""

    code = "no-card-waiting"


class AlreadyAsked(Refusal):
    """A visit at home is asked for already."""

    code = "already-asked"
