"""What is agreed with the bank, by two people and from a day on: the form of files out and in, what a code means."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from services.disbursement.domain.characters import SWIFT_X, CharacterRule, NotWritable
from services.disbursement.domain.column_template import template_body, template_from
from services.disbursement.domain.inbound_template import RESULTS, STATEMENT, inbound_body, inbound_from
from shared.kernel.errors import InvalidInput

KINDS: Final = ("template_out", RESULTS, STATEMENT, "channel", "code")
_CHANNEL: Final = {"column_file": (), "iso20022": ("debtor_name", "debtor_account", "debtor_bank")}
_PAYER_MAX: Final = {"debtor_name": 140, "debtor_account": 34, "debtor_bank": 35}
_CODE_KEYS: Final = ("code", "outcome", "reason", "withdrawn", "note")
_OUTCOMES: Final = ("credited", "rejected", "pending")


class SettingWrong(InvalidInput):
    """What was proposed cannot be used; ``problems`` says why."""

    code = "setting-wrong"


def read_setting(kind: str, body: Mapping[str, Any], reasons: Collection[str]) -> dict[str, Any]:
    """The body as it is kept, everything said. Raise SettingWrong or TemplateWrong. ``reasons``: of a missed month."""
    if kind == "template_out":
        return template_body(template_from(body))
    if kind in (RESULTS, STATEMENT):
        return inbound_body(inbound_from(kind, body))
    problems = _channel_problems(body) if kind == "channel" else _code_problems(body, reasons)
    if problems:
        raise SettingWrong("this setting cannot be used", problems=problems)
    if kind == "channel":
        return {key: str(value).strip() for key, value in body.items()}
    return {
        "code": str(body["code"]).strip().upper(), "outcome": body["outcome"], "reason": str(body.get("reason", "")),
        "withdrawn": body.get("withdrawn"), "note": str(body.get("note", ""))[:200],
    }  # fmt: skip


def _channel_problems(body: Mapping[str, Any]) -> list[str]:
    channel = body.get("channel")
    if not isinstance(channel, str) or channel not in _CHANNEL:
        return [f"'channel' is one of {', '.join(_CHANNEL)}"]
    needed = _CHANNEL[channel]
    problems = [f"'{key}' is not known here" for key in body if key not in ("channel", *needed)]
    for key in needed:
        value = body.get(key)
        if not isinstance(value, str) or not 1 <= len(value.strip()) <= _PAYER_MAX[key]:
            problems.append(f"'{key}' is a text of 1 to {_PAYER_MAX[key]} characters")
            continue
        try:
            CharacterRule("ascii", SWIFT_X if key == "debtor_name" else "A-Z0-9").write(value.strip(), key)
        except NotWritable:
            problems.append(f"'{key}' has characters that a payment message does not take")
    return problems


def _code_problems(body: Mapping[str, Any], reasons: Collection[str]) -> list[str]:
    problems = [f"'{key}' is not known here" for key in body if key not in _CODE_KEYS]
    code, outcome, reason = body.get("code"), body.get("outcome"), body.get("reason", "")
    if not isinstance(code, str) or not 1 <= len(code.strip()) <= 60:
        problems.append("'code' is the bank's code or word, 1 to 60 characters")
    if outcome not in _OUTCOMES:
        problems.append(f"'outcome' is one of {', '.join(_OUTCOMES)}")
    if outcome == "rejected" and reason not in reasons:
        problems.append(f"'reason' is one of {', '.join(sorted(reasons))}")
    if outcome != "rejected" and reason:
        problems.append("only a rejection has a reason")
    if body.get("withdrawn") not in (None, True, False) or (body.get("withdrawn") is not None and outcome != "credited"):
        problems.append("'withdrawn' is true or false where the money was credited, or left out")
    return problems
