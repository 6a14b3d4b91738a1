# SPDX-License-Identifier: MPL-2.0
"""Goal 10: a graph of 10,000 steps. Steps that start no process (builtin noop), each end durable before the next begins; steps that run
/bin/true against posix_spawn, beside ninja and make with the same graph; and what a step costs in a graph a hundred times as large."""

import shutil
import time

from rig import BIN, Rig, best, cpu_seconds, interleaved, ratio, row

WIDE, DEEP = 100, 100
PROGRAMS_DEEP = 40  # 4,000 programs
WIDTHS = (2, 4, 8)
LOOK_S = 0.5  # a look starts a program of its own: few of them


def edges(wide, deep):
    """edges yields each step with the two of the layer before that it comes after."""
    for layer in range(deep):
        for i in range(wide):
            before = sorted({i, (i + 1) % wide}) if layer else []
            yield f"s{layer}-{i}", [f"s{layer - 1}-{k}" for k in before]


def graph(action, wide, deep):
    return {"history": 200, "steps": {name: {"action": action, **({"after": after} if after else {})} for name, after in edges(wide, deep)}}


PIPELINES = {"noop": graph("noop", WIDE, DEEP), "small": graph("noop", 10, 10), "true": graph("true", WIDE, PROGRAMS_DEEP)}


def only(*names):
    """only: a config file holds 100,000 values, not all of these graphs."""
    return {name: PIPELINES[name] for name in names}


def begin(realm, pipeline):
    answer = realm.helios("pipeline", "run", pipeline)
    if "id" not in answer:
        raise RuntimeError(f"{pipeline} did not begin: {answer}")
    return answer["id"]


def taken_s(realm, run):
    """taken_s waits for the end of the run and answers how long it took, as the run itself says."""
    end = time.monotonic() + 300
    while time.monotonic() < end:
        status = realm.helios("pipeline", "status", run, "--limit", 1)
        if status.get("ended"):
            assert status["state"] == "COMPLETED", status
            return status["took_ms"] / 1000
        time.sleep(LOOK_S)
    raise TimeoutError(f"{run} does not end")


def steps_per_s(realm, pipeline):
    return lambda: len(PIPELINES[pipeline]["steps"]) / taken_s(realm, begin(realm, pipeline))


def cpu_a_step(realm, pipeline, runs):
    """cpu_a_step is the controller's time of its own a step, in microseconds, all runs at once."""
    def measure():
        before = cpu_seconds(realm.controller.pid)
        ids = [begin(realm, pipeline) for _ in range(runs)]
        for run in ids:
            taken_s(realm, run)
        return 1e6 * (cpu_seconds(realm.controller.pid) - before) / runs / len(PIPELINES[pipeline]["steps"])
    return measure


def ninja(rig, wide):
    path = rig.path / f"ninja-{wide}"
    path.mkdir()
    lines = ["rule true", "  command = /bin/true"]
    lines += [f"build {name}: true {' '.join(after)}" for name, after in edges(WIDE, PROGRAMS_DEEP)]
    (path / "build.ninja").write_text("\n".join(lines) + "\n")
    return timed(rig, "ninja", "-C", path, "-j", wide, "--quiet")


def make(rig, wide):
    path = rig.path / f"make-{wide}"
    path.mkdir()
    rules = list(edges(WIDE, PROGRAMS_DEEP))
    lines = ["all: " + " ".join(name for name, _ in rules), ".PHONY: all " + " ".join(name for name, _ in rules)]
    lines += [f"{name}: {' '.join(after)}\n\t@/bin/true" for name, after in rules]
    (path / "Makefile").write_text("\n".join(lines) + "\n")
    return timed(rig, "make", "-C", path, "-j", wide, "-s")


def timed(rig, *words):
    def measure():
        began = time.monotonic()
        rig.run(*words)
        return WIDE * PROGRAMS_DEEP / (time.monotonic() - began)
    return measure


def spawn(rig, wide):
    return lambda: float(rig.run(BIN / "helios-bench-spawn", WIDE * PROGRAMS_DEEP, wide))


def programs(rig, rounds):
    measures = {f"helios {n}": steps_per_s(rig.realm(slots=n, pipelines=only("true")), "true") for n in WIDTHS}
    measures |= {f"posix_spawn {n}": spawn(rig, n) for n in WIDTHS}
    tools = {name: tool for name, tool in (("ninja", ninja), ("make", make)) if shutil.which(name)}
    measures |= {f"{name} {n}": tool(rig, n) for name, tool in tools.items() for n in WIDTHS}
    values = interleaved(rounds, **measures)
    values |= {name: best(values, name) for name in ("helios", "posix_spawn", *tools)}
    yield row(10, "steps that run a program", ratio(values, "helios", "posix_spawn"), 0.95, "×", values, "posix_spawn and wait")
    for name in tools:
        yield row(10, "steps that run a program", ratio(values, "helios", name), 1, "×", values, name)


def measure(rounds):
    with Rig() as rig:
        realm = rig.realm(slots=16, prefetch=512, pipelines=only("noop", "small"))
        values = interleaved(rounds, noop=steps_per_s(realm, "noop"))
        yield row(10, f"steps of a graph of {WIDE * DEEP} that start no process, durable", sorted(values["noop"])[rounds // 2], 30000, "/s", values)
        values = interleaved(rounds, large=cpu_a_step(realm, "noop", 1), small=cpu_a_step(realm, "small", 100))
        yield row(10, f"cost of a step, of {WIDE * DEEP} against of 100", ratio(values, "large", "small"), 1.3, "×", values, "itself with 100",
                  better="lower")
    with Rig() as rig:
        yield from programs(rig, rounds)
