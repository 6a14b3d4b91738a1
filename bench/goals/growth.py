# SPDX-License-Identifier: MPL-2.0
"""Goal 7: what an event costs the controller when there is a thousand times as much of something. The pure core on virtual time, CPU
time of its own; the tasks and samples are the same at every size."""

from rig import BIN, Rig, interleaved, ratio, row

TASKS = 256000
SAMPLES = 10000000  # a whole window of 100,000 KPIs: its end costs as well
SIZES = {"agents": (10, 100, 1000, 10000), "queued": (1000, 10000, 100000, 1000000), "timers": (1, 100, 10000), "kpis": (10, 1000, 100000)}
SAYS = {"agents": "agents", "queued": "queued tasks", "timers": "tasks that wait for their time", "kpis": "KPIs"}


def printed(text, name):
    return float(dict(line.split(maxsplit=1) for line in text.splitlines())[name].split()[0])


def a_task(rig, what, size):
    return lambda: printed(rig.run(BIN / "helios-cost", "tasks", TASKS, what, size), "task_cpu_ns")


def a_sample(rig, _, size):
    return lambda: 1e9 / printed(rig.run(BIN / "helios-cost", "samples", SAMPLES, size), "samples_per_cpu_s")


def measure(rounds):
    with Rig() as rig:
        for what, sizes in SIZES.items():
            cost = a_sample if what == "kpis" else a_task
            values = interleaved(rounds, **{str(size): cost(rig, what, size) for size in sizes})
            small, large = str(sizes[0]), str(sizes[-1])
            yield row(7, f"cost of a {'sample' if what == 'kpis' else 'task'}, {small} to {large} {SAYS[what]}", ratio(values, large, small), 1.3, "×",
                      values, f"itself with {small}", better="lower")
