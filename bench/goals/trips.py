# SPDX-License-Identifier: MPL-2.0
"""Goal 2: the idle round trip of one task, against its floor: two ZeroMQ round trips and two fenced commits of the same Redis."""

import itertools

from rig import BIN, Rig, interleaved, ratio, row

TRIPS = 500


def floor(rig, realm, number):
    socket = realm.path / "data" / "redis" / "redis.sock"
    out = rig.run(BIN / "helios-bench-floor", f"ipc://{rig.path}/floor-{next(number)}", socket, TRIPS)
    return float(dict(line.split() for line in out.splitlines())["floor_us"])


def trip(realm):
    return realm.bench("--tasks", "0", "--trips", str(TRIPS))["round_trip"]["p50_us"]


def measure(rounds):
    for fsync in ("everysec", "always"):
        for pin in (None, 0):
            with Rig(pin) as rig:
                realm, number = rig.realm(fsync), itertools.count()
                trip(realm)
                values = interleaved(2 * rounds, helios=lambda: trip(realm), floor=lambda: floor(rig, realm, number))
                where = "on one processor" if pin is not None else "on all"
                yield row(2, f"idle round trip, {fsync}, {where}", ratio(values, "helios", "floor"), 1.3, "×", values, "its floor",
                          better="lower")
