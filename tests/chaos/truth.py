# SPDX-License-Identifier: MPL-2.0
"""What really happened, read from where nothing is taken back: Redis' append-only file, which has every commit in order, and the
log of the actions. Turns both into facts (tests/history/history.h). Knows the records' fields by name, and no rule."""

import io
import os
import pathlib
import time

import msgpack

from world import REALM, now_ms

HOUR_MS = 3600 * 1000
ENDED = ("COMPLETED", "FAILED", "CANCELLED", "UNKNOWN")
OF_TASKS = {f"task.{state.lower()}": state for state in ENDED}


def commands_of(directory):
    """commands_of yields every command of the append-only file; a command that was cut short is the last one."""
    for path in sorted(pathlib.Path(directory).glob("appendonlydir/*.incr.aof"), key=lambda p: int(p.name.split(".")[2])):
        with open(path, "rb") as file:
            while (head := file.readline()).startswith(b"*") and head.endswith(b"\n"):
                words = []
                for _ in range(int(head[1:])):
                    size = file.readline()
                    words.append(file.read(int(size[1:])) if size.startswith(b"$") else b"")
                    file.read(2)
                yield words


class Story:
    """Story follows the commands and tells facts. Times: a ledger's entry is dated by its controller, whose clock may be wrong by
    whole hours; our own marks say by how many."""

    def __init__(self, controllers):
        self.names = {c.id(): c.name for c in controllers}
        self.facts, self.mark, self.now = [], 0, 0
        self.begun = 0       # where the facts of this commit begin
        self.epochs = {}     # epoch -> controller
        self.leader = ""
        self.tasks = {}      # id -> (state, attempt) as committed
        self.changes = {}    # optimization -> its record as committed
        self.spent = {}      # target -> times of acts
        self.taken = set()   # every task that ever was
        self.holders = {}    # task -> the agent that had it last

    def key(self, name):
        return f"{{helios:{REALM}}}:{name}".encode()

    def add(self, fact, **fields):
        self.facts.append({"at": self.now, "fact": fact, **{k: v for k, v in fields.items() if v}})

    def date(self, at):
        """date moves on to a controller's time, on our clock; commits are in order, so time does not go back."""
        at -= round((at - self.mark) / HOUR_MS) * HOUR_MS
        self.now = max(self.now, at)

    def read(self, commands):
        rows = {b"MULTI": self.on_multi, b"SET": self.on_set, b"HSET": self.on_hset, b"HDEL": self.on_hdel, b"XADD": self.on_xadd}
        for words in commands:
            if row := rows.get(words[0].upper()):
                row(words)
        return self.facts

    def on_set(self, words):
        if words[1] == b"mark":
            self.mark = int(words[2])
            self.now = max(self.now, self.mark)

    def on_hset(self, words):
        pairs = dict(zip(words[2::2], words[3::2]))
        name = words[1].rsplit(b":", 1)[-1].decode()
        row = {"lease": self.on_lease, "pos": self.on_pos, "task": self.on_task, "sheaf": self.on_sheaf,
               "grant": self.on_grant, "optimization": self.on_optimization, "budget": self.on_budget}.get(name)
        if row and name in ("lease", "pos"):
            row({k.decode(): v.decode() for k, v in pairs.items()})
        elif row:
            for id, value in pairs.items():
                row(id.decode(), msgpack.unpackb(value))

    # ---- who leads, and what was committed

    def on_lease(self, lease):
        if "epoch" in lease and lease.get("holder") in self.names:
            self.leader = self.names[lease["holder"]]

    def on_pos(self, pos):
        if "seq" in pos:
            self.epochs.setdefault(pos["epoch"], self.leader)
            self.add("commit", who=self.epochs[pos["epoch"]], key=pos["digest"], n=int(pos["epoch"]), m=int(pos["seq"]))

    # ---- tasks: the record while it lives, the ledger when it ends

    def on_task(self, id, record):
        state, attempt = record.get("state", "PENDING"), record.get("attempt", 0)
        before = self.tasks.get(id)
        if before is None:
            self.date(record.get("created", self.mark))
            self.take(id, record)
            before = ("PENDING", 0)
        for number in range(before[1] + 1, attempt + 1):
            self.sent(id, number, record, over=number < attempt or state != "IN_PROGRESS")
        self.tasks[id] = (state, attempt)
        self.holders[id] = record.get("holder", "") or self.holders.get(id, "")

    def on_sheaf(self, id, record):
        """Tasks that are kept together: numbers one after the other from the sheaf's own, one record for what they share."""
        first, shared = int(id[2:]), record["task"]
        self.date(shared.get("created", self.mark))
        for number in range(first, first + record.get("n", 1)):
            self.take(f"t-{number}", shared)
            self.tasks[f"t-{number}"] = ("PENDING", 0)

    def on_grant(self, _id, record):
        """Attempts that begin together; each counts while its task's record tells of fewer."""
        numbers = list(msgpack.Unpacker(io.BytesIO(record["attempts"])))
        for number, attempt in zip(numbers[::2], numbers[1::2]):
            id = f"t-{number}"
            if id in self.tasks and self.tasks[id][1] < attempt:
                self.sent(id, attempt, record, over=False)
                self.tasks[id], self.holders[id] = ("IN_PROGRESS", attempt), record["holder"]

    def take(self, id, record):
        self.taken.add(id)
        self.add("taken", who=self.leader, key=record.get("key", ""), id=id, m=int(record.get("at_most_once", False)))

    def sent(self, id, attempt, record, over):
        """Two changes of one record in a batch are one write (C3): an attempt that its own commit has ended was sent before all else
        that this commit says."""
        if not over:
            self.date(record.get("started", self.mark))
        place = self.begun if over else len(self.facts)
        at = self.facts[place - 1]["at"] if over and place else self.now
        self.facts.insert(place, {"at": at, "fact": "dispatched", "who": self.leader, "id": id, "n": attempt})

    def on_multi(self, _words):
        self.begun = len(self.facts)

    def on_hdel(self, words):
        if words[1] == self.key("task"):
            for id in words[2:]:
                self.tasks.pop(id.decode(), None)

    # ---- the ledger

    def on_xadd(self, words):
        if words[1] != self.key("history"):
            return
        for entry in msgpack.Unpacker(io.BytesIO(words[-1])):  # all that one commit wrote down
            self.on_entry(entry)

    def on_entry(self, entry):
        self.date(entry.get("at", self.mark))
        topic, id = entry["topic"], entry.get("id", "")
        if topic in OF_TASKS:
            if id not in self.taken:
                self.take(id, {})
            known, last = self.tasks.get(id, ("", 0))[1], entry.get("data", {}).get("attempt", 0)
            for number in range(known + 1, last + 1):  # sent and ended in one batch: it is none but its history (C3)
                self.sent(id, number, {}, over=True)
            self.settled(id, OF_TASKS[topic])
            self.add("outcome", who=self.leader, id=id, text=OF_TASKS[topic])
        elif topic == "agent.lost":
            self.add("judged", who=id, key=self.leader)
        elif topic == "task.retrying":
            self.settled(id, "RETRYING")

    def settled(self, id, how):
        """An attempt that its agent stopped writes no end of its own: that it was settled is all that can be seen."""
        if id in self.tasks:
            self.add("ended", who=self.holders.get(id, ""), id=id, text=how, n=self.tasks[id][1])

    # ---- optimizations and budgets

    def on_optimization(self, id, record):
        before, now = self.changes.get(id, {}), record
        if not before:
            self.date(record.get("began", self.mark))
            self.add("opened", id=id, text=record.get("name", ""))
        if now.get("verdict", "NONE") != before.get("verdict", "NONE"):
            self.add("verdict", who=self.leader, id=id, text=now["verdict"])
        state = now.get("state", "PROPOSED")
        if state in ("ACCEPTED", "ROLLED_BACK", "STUCK", "ABANDONED") and before.get("state") != state:
            self.add("closed", who=self.leader, id=id, text=state)
        self.changes[id] = record

    def on_budget(self, id, record):
        acts = record.get("acts", b"")
        times = {int.from_bytes(acts[i:i + 8], "little", signed=True) for i in range(0, len(acts), 8)}
        for at in sorted(times - self.spent.get(id, set())):
            self.date(at)
            if id != "*":
                self.add("spent", who=id, key=REALM, id=str(at))
        self.spent[id] = times | self.spent.get(id, set())


def facts_of_actions(path):
    """facts_of_actions reads the log that the actions wrote: what, task, attempt, agent, pid, time, kind of action."""
    facts, running = [], {}
    for line in pathlib.Path(path).read_text().splitlines():
        what, task, attempt, agent, pid, at, kind = line.split(" ", 6)
        fact = {"at": int(float(at) * 1000), "who": agent, "id": task, "n": int(attempt)}
        if kind == "noise":
            continue
        if what == "start":
            facts.append({**fact, "fact": "started", **({"m": 1} if kind == "once" else {})})
            running[task, attempt, agent] = fact, pid
        else:
            facts.append({**fact, "fact": "ended", "text": what})
            running.pop((task, attempt, agent), None)
        if kind.startswith("toy:"):
            facts += facts_of_toy(fact, what, *toy_parts(kind))
    return facts + facts_of_the_dead(running.values())


def facts_of_toy(fact, what, verb, change, undone):
    if verb == "apply" and what == "start":
        return [{"at": fact["at"], "fact": "applied", "who": fact["who"], "id": change}]
    if verb == "rollback" and what == "COMPLETED":
        return [{"at": fact["at"], "fact": "undone", "who": fact["who"], "id": undone}]
    return []


def facts_of_the_dead(running):
    """Who was killed wrote no end; that it is gone is seen now."""
    return [{**fact, "fact": "ended", "text": "gone", "at": now_ms()} for fact, pid in running if not runs(pid, fact["id"])]


def runs(pid, task):
    return f"HELIOS_TASK={task}" in environ(pid)


def environ(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/environ").read_text(errors="replace").split("\0")
    except OSError:
        return []


def leftovers(log):
    """leftovers answers the processes that actions of this run left behind: (pid, environment)."""
    found = []
    for pid in (p.name for p in pathlib.Path("/proc").iterdir() if p.name.isdigit()):
        of = dict(word.split("=", 1) for word in environ(pid) if "=" in word)
        if of.get("CHAOS_LOG") == str(log) and "HELIOS_TASK" in of:
            found.append((int(pid), of))
    return found


def born_ms(pid):
    ticks = int(pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19])
    return int((time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + ticks / os.sysconf("SC_CLK_TCK")) * 1000)


def facts_of_leftovers(log):
    """Each is a start without an end; when its agent died, nobody was there to end it."""
    return [{"at": born_ms(pid), "fact": fact, "who": of["HELIOS_AGENT"], "id": f"{of['HELIOS_TASK']} (process {pid})",
             "n": int(of["HELIOS_ATTEMPT"])} for pid, of in leftovers(log) for fact in ("dispatched", "started")]


def toy_parts(kind):
    """toy_parts: `toy:VERB:KEY:UNDO_OF` → the verb, and the optimizations that the two name (keys are CLIENT/o-3:apply)."""
    words = [w.rsplit("/", 1)[-1] for w in kind.split(":")]
    named = [w for w in words if w.startswith("o-")]
    return words[1], named[0] if named else "", named[-1] if named else ""
