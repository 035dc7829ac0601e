"""What ``assistive_devices`` publishes: goods received, devices handed over, kinds about to run out."""

from __future__ import annotations

from uuid import UUID

from shared.contracts.registry import Event, event, topic

STOCK = topic("assistive_devices.stock", 31, partitions=1, key="delivery_id or device_id")
READINESS = topic("assistive_devices.readiness", 32, partitions=1, key="readiness")


@event("assistive_devices.stock.received.v1", 401, STOCK)
class StockReceived(Event, frozen=True, kw_only=True):
    """Units of one kind arrived at a place; ``contract`` is the delivery's number, ``unit_price`` rupiah."""

    contract: str
    kind: str
    place: str
    units: int
    unit_price: int


@event("assistive_devices.device.handed_over.v1", 402, STOCK)
class DeviceHandedOver(Event, frozen=True, kw_only=True):
    """A citizen has the device; the minutes (BAST) are signed."""

    kind: str
    place: str
    request_id: UUID


@event("assistive_devices.readiness.at_risk.v1", 411, READINESS)
class ReadinessAtRisk(Event, frozen=True, kw_only=True):
    """More people wait than stock and what is coming can serve; ``days``: how long stock lasts."""

    kind: str
    place: str
    waiting: int
    stock: int
    incoming: int
    days: int


@event("assistive_devices.readiness.restored.v1", 412, READINESS)
class ReadinessRestored(Event, frozen=True, kw_only=True):
    """Stock and what is coming serve everyone who waits again."""

    kind: str
    place: str
