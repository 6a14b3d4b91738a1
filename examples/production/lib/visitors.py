# SPDX-License-Identifier: MPL-2.0
"""visitors owns the people who come to the publisher: each loads the list, sees pictures and titles, clicks or not,
and watches for a while. What they like is written here; what comes of it is measured at the publisher alone."""

import html
import random
import re
import urllib.parse
import urllib.request

from . import publisher_api

LINK = re.compile(r'<a href="([^"]+)"><img src="([^"]+)"[^>]*>([^<]+)</a>')
CLICK = {"question": 0.34, "number": 0.20, "other": 0.13}   # chance to click, by how a title is made
LOOKS_AT = 6                                                 # entries of the list
PARTS = 8                                                    # of a film, fetched one after another
STAYS = 0.86                                                 # chance to go on after a part


def fetch(path, **headers):
    request = urllib.request.Request(publisher_api.address() + path, headers=headers)
    with publisher_api.DIRECT.open(request, timeout=20) as answer:
        return answer.headers, answer.read()


def kind_of(title):
    return "question" if title.endswith("?") else "number" if title[:1].isdigit() else "other"


def watch(identity, visitor, chance):
    """watch fetches part after part until this visitor has enough."""
    start, size = 0, None
    while size is None or start < size:
        step = (size or 1 << 19) // PARTS + 1
        headers, body = fetch(f"/video/{identity}?visitor={visitor}", Range=f"bytes={start}-{start + step - 1}")
        size = int(headers["Content-Range"].rpartition("/")[2])
        start += len(body)
        if chance.random() > STAYS:
            return


def visit(visitor, seed=0):
    """visit is one person's visit; answers how many videos were clicked."""
    chance, clicks = random.Random(f"{seed} {visitor}"), 0
    page = fetch(f"/?visitor={visitor}")[1].decode()
    for link, picture, title in LINK.findall(page)[:LOOKS_AT]:
        fetch(html.unescape(picture))
        if chance.random() < CLICK[kind_of(html.unescape(title))]:
            link = html.unescape(link)
            fetch(link)
            watch(urllib.parse.urlsplit(link).path.rpartition("/")[2], visitor, chance)
            clicks += 1
    return clicks


def come(first, count, seed=0):
    return sum(visit(n, seed) for n in range(first, first + count))

