# SPDX-License-Identifier: MPL-2.0
"""Goal 6: programs run by an agent for tasks (/bin/true, its output kept, its outcome stored), against posix_spawn and wait alone.
Best of several widths of each."""

from rig import BIN, Rig, best, interleaved, ratio, row

PROGRAMS = 4000
WIDTHS = (2, 4, 8)


def tasks(realm):
    return lambda: realm.bench("--action", "true", "--params", "{}", "--trips", "0", "--tasks", str(PROGRAMS))["flow"]["tasks_per_s"]


def spawn(rig, wide):
    return lambda: float(rig.run(BIN / "helios-bench-spawn", PROGRAMS, wide))


def measure(rounds):
    with Rig() as rig:
        measures = {f"helios {n}": tasks(rig.realm(slots=n)) for n in WIDTHS}
        measures |= {f"posix_spawn {n}": spawn(rig, n) for n in WIDTHS}
        values = interleaved(rounds, **measures)
    values |= {"helios": best(values, "helios"), "posix_spawn": best(values, "posix_spawn")}
    yield row(6, "programs run by an agent", ratio(values, "helios", "posix_spawn"), 0.95, "×", values, "posix_spawn and wait")
