#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Writes cron_table.h: what rules S2 and S3 say of random lines of cron in real zones, found by trying every second or minute with
Python's datetime and zoneinfo. Slow and plain on purpose: it shares nothing with common/cron.c. Only years that are over, so that no
new tzdata changes it."""
import random
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

ZONES = {  # and days around which offsets changed
    "UTC": ["2024-03-10"],
    "Europe/Berlin": ["2024-03-31", "2024-10-27", "2021-03-28"],
    "America/New_York": ["2023-03-12", "2023-11-05"],
    "Australia/Lord_Howe": ["2024-04-07", "2024-10-06"],
    "Australia/Sydney": ["2022-04-03", "2022-10-02"],
    "America/Sao_Paulo": ["2018-02-18", "2018-11-04"],  # at midnight
    "Asia/Kolkata": ["2024-06-01"],
    "Asia/Kathmandu": ["2020-12-30"],
    "Africa/Cairo": ["2023-04-28", "2023-10-27"],
    "America/St_Johns": ["2011-03-13", "2010-11-07"],  # at one minute past midnight
    "Pacific/Apia": ["2011-12-30"],  # a day that never was
    "Asia/Pyongyang": ["2015-08-15", "2018-05-05"],  # half an hour, for good
    "Africa/Casablanca": ["2022-03-27", "2022-05-08"],  # summer time is the standard
    "Europe/Dublin": ["2024-03-31", "2024-10-27"],
}
LOW, HIGH = [0, 0, 0, 1, 1, 0], [59, 59, 23, 31, 12, 6]


def values(field, text):
    """None: any; else what the field allows; -1 among days is the last one."""
    if text in ("*", "?"):
        return None
    got = set()
    for part in text.split(","):
        body, _, step = part.partition("/")
        if body == "L":
            got.add(-1)
            continue
        if body in ("*", "?"):
            low, high = LOW[field], HIGH[field]
        elif "-" in body:
            low, high = map(int, body.split("-"))
        else:
            low = int(body)
            high = HIGH[field] if step else low
        got |= {v % 7 if field == 5 else v for v in range(low, high + 1, int(step or 1))}
    return None if got >= set(range(LOW[field], HIGH[field] + 1)) else got


def fits(fields, t):
    second, minute, hour, day, month, weekday = fields
    def of(allowed, v):
        return allowed is None or v in allowed
    if not (of(second, t.second) and of(minute, t.minute) and of(hour, t.hour) and of(month, t.month)):
        return False
    last = (t + timedelta(days=1)).day == 1
    by_day = of(day, t.day) or (day is not None and -1 in day and last)
    by_week = of(weekday, t.isoweekday() % 7)
    return by_day or by_week if day is not None and weekday is not None else by_day and by_week


def offset(zone, at):
    return datetime.fromtimestamp(at, zone).utcoffset()


def moment(zone, local):
    """The first moment that shows it; for one that is skipped, the one at which the clock was put forward."""
    stamp = int(local.replace(tzinfo=timezone.utc).timestamp())
    found = [stamp - o for o in {int(offset(zone, stamp + h * 3600).total_seconds()) for h in range(-27, 28)}]
    shows = [at for at in found if datetime.fromtimestamp(at, zone).replace(tzinfo=None) == local]
    if shows:
        return min(shows)
    low, high = stamp - 27 * 3600, stamp + 27 * 3600  # wall(low) < local < wall(high)
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).replace(tzinfo=None) < local:
            low = middle
        else:
            high = middle
    return high


def times(zone, line, begin, end):
    """All moments in (begin, end]."""
    texts = line.split()
    step = 60 if len(texts) == 5 else 1
    fields = [values(i, x) for i, x in enumerate(texts if step == 1 else ["0"] + texts)]
    if fields[2] is None:
        return [at for at in range(begin + step, end + 1, step)
                if fits(fields, datetime.fromtimestamp(at, zone).replace(tzinfo=None))]
    found = set()
    local = datetime.fromtimestamp(begin, timezone.utc).replace(tzinfo=None) - timedelta(days=2)
    stop = datetime.fromtimestamp(end, timezone.utc).replace(tzinfo=None) + timedelta(days=2)
    while local < stop:
        if fits(fields, local):
            found.add(moment(zone, local))
        local += timedelta(seconds=step)
    return sorted(at for at in found if begin < at <= end)


def some(r, field, seconds):
    low, high = LOW[field], HIGH[field]
    def v():
        return r.randint(0, 3) if field == 2 and r.random() < 0.8 else r.randint(low, high)
    kind = r.choice(["*", "*", "one", "one", "list", "range", "step", "from"])
    a, b = sorted((v(), v()))
    return {"*": "*", "one": str(a), "list": f"{a},{b}", "range": f"{a}-{b}", "step": f"*/{r.randint(1, 20 if field < 2 else 6)}",
            "from": f"{a}/{r.randint(1, 6)}"}[kind]


def line_of(r):
    hour = r.choice(["*", "*/1", "*/2", "0", "1", "2", "3", "2,3", "0-3", some(r, 2, False)])
    day = r.choice(["*", "*", "*", "?", some(r, 3, False), "L", "28-31"])
    weekday = r.choice(["*", "*", "*", "0", "7", "5-7", some(r, 5, False)])
    month = r.choice(["*", "*", "*", "*", some(r, 4, False)])
    minute = r.choice(["0", "15", "30", "*/10", "*/30", "45-50", some(r, 1, False)])
    return f"{minute} {hour} {day} {month} {weekday}"


def main():
    r = random.Random(6)
    print("/* SPDX-License-Identifier: MPL-2.0 */")
    print("/* Written by tests/unit/cron_oracle.py: zone, line, times in (begin, end], how many, and their digest. */")
    for name, days in ZONES.items():
        zone = ZoneInfo(name)
        for day in days:
            around = int(datetime.fromisoformat(day).replace(tzinfo=timezone.utc).timestamp())
            for _ in range(25):
                line, begin = line_of(r), around + 60 * r.randint(-1500, 700)
                write(zone, name, line, begin, begin + 3 * 86400)
            for _ in range(2):
                line, begin = f"{r.choice(['*/7', '59', '0,30'])} {line_of(r)}", around + r.randint(-40000, 40000)
                write(zone, name, line, begin, begin + 20000)


def write(zone, name, line, begin, end):
    digest, found = 0, times(zone, line, begin, end)
    for at in found:
        digest = (digest * 1000003 + at) % 2**64
    print(f'{{"{name}", "{line}", {begin}, {end}, {len(found)}, 0x{digest:x}u}},')


main()
