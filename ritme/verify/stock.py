"""Devices: each serial is in one place, and every unit that came is somewhere (invariant 15)."""

from __future__ import annotations

from ritme.verify.looking import counted, every
from ritme.verify.report import Invariant
from ritme.verify.snapshots import Sources


def every_unit_is_somewhere(look: Sources, line: Invariant) -> None:
    """Received = on hand + handed over, by kind and place; a device is free, kept for one request, or with one person."""
    store = look["assistive_devices"]
    counted(line, store, "device")
    every(
        line,
        store,
        """SELECT concat_ws(' ', 'serial', serial || ':', count(*), 'devices') FROM device GROUP BY serial HAVING count(*) > 1
           UNION ALL
           SELECT concat_ws(' ', 'request', request_id || ':', count(*), 'devices') FROM device
            WHERE request_id IS NOT NULL GROUP BY request_id HAVING count(*) > 1""",
    )
    every(
        line,
        store,
        """WITH received AS (SELECT kind, place, sum(units) AS units FROM delivery_line GROUP BY 1, 2),
                kept AS (SELECT kind, place, count(*) AS devices, count(*) FILTER (WHERE state <> 'handed_over') AS on_hand,
                                count(*) FILTER (WHERE state = 'handed_over') AS issued FROM device GROUP BY 1, 2),
                moved AS (SELECT kind, place, sum(units) AS on_hand, count(*) FILTER (WHERE units > 0) AS came,
                                 count(*) FILTER (WHERE units < 0) AS went FROM movement GROUP BY 1, 2)
           SELECT concat_ws(' ', kind, place || ': received', r.units, 'devices', k.devices, 'on hand', k.on_hand, 'issued', k.issued,
                            'movements', m.came, m.went)
             FROM received r FULL JOIN kept k USING (kind, place) FULL JOIN moved m USING (kind, place)
            WHERE r.units IS DISTINCT FROM k.on_hand + k.issued OR m.on_hand IS DISTINCT FROM k.on_hand
               OR m.came IS DISTINCT FROM r.units OR m.went IS DISTINCT FROM k.issued""",
    )
    every(
        line,
        store,
        """SELECT concat_ws(' ', 'request', coalesce(r.id, d.request_id) || ':', coalesce(r.state, 'none'), 'device', d.id, d.state,
                            'minutes', h.minutes_number)
             FROM request r FULL JOIN (SELECT * FROM device WHERE request_id IS NOT NULL) AS d ON d.request_id = r.id
             LEFT JOIN handover h ON h.request_id = coalesce(r.id, d.request_id)
            WHERE r.id IS NULL OR d.kind <> r.kind
               OR (r.state IN ('reserved', 'handed_over')) <> (d.id IS NOT NULL) OR (d.id IS NOT NULL AND d.state <> r.state)
               OR (r.state = 'handed_over') <> (h.request_id IS NOT NULL) OR (h.device_id IS NOT NULL AND h.device_id <> d.id)""",
    )
