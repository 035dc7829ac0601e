"""Can this person have the device today; if not, when.

Owns: kinds and places, deliveries, stock movements, devices with their serials, requests and the waiting list,
reservations, handovers, readiness.
Publishes: ``assistive_devices.stock`` (goods received, devices handed over), ``assistive_devices.readiness``.
Consumes: nothing yet.
Never does: keep a counter that movements do not explain, give one device to two people, or hold names and addresses.
"""
