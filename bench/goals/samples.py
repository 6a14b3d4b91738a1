# SPDX-License-Identifier: MPL-2.0
"""Goal 4: samples a CPU-second from their bytes to windows and health, messages of 100; 1,000 KPIs, and 100,000."""

import statistics

from rig import BIN, Rig, interleaved, ratio, row

SAMPLES = 10000000  # a whole window of 100,000 KPIs: its end costs as well


def rate(rig, kpis):
    return lambda: float(rig.run(BIN / "helios-cost", "samples", SAMPLES, kpis).split("samples_per_cpu_s ")[1].split()[0])


def measure(rounds):
    with Rig() as rig:
        values = interleaved(rounds, **{str(n): rate(rig, n) for n in (1000, 100000)})
    yield row(4, "samples a CPU-second, 1,000 KPIs", statistics.median(values["1000"]) / 1e6, 4, "M", values)
    yield row(4, "the same with 100,000 KPIs", ratio(values, "100000", "1000"), 0.9, "×", values)
