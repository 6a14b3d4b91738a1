# SPDX-License-Identifier: MPL-2.0
"""publisher is a small site for videos on the loopback: it keeps what was uploaded, shows each visitor one of three
variants, and counts what was really asked of it. It knows nothing of how videos are made.

  GET /?visitor=N                     the list: for each video the title and thumbnail of that visitor's variant
  GET /thumb/ID/V.png?visitor=N       counts as shown, once a visitor
  GET /watch/ID?variant=V&visitor=N   counts as a click, once a visitor
  GET /video/ID?visitor=N  (Range)    the bytes that go out are the time that was watched
  /api/…                              what publisher_api.py asks"""

import hashlib
import html
import json
import os
import re
import signal
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from . import places

VARIANTS = "abc"
LARGEST = 200 << 20
SAVE_S = 1.0
NAME = re.compile(r"^[A-Za-z0-9_-]{1,64}$")


class Shelf:
    """Shelf is the stored videos and their counts; one lock for all of it."""

    def __init__(self, folder):
        self.folder, self.lock, self.changed = folder, threading.Lock(), False
        self.videos = places.read_json(os.path.join(folder, "shelf.json"), {})

    def path(self, identity, name):
        return os.path.join(self.folder, identity, name)

    def save(self):
        """save writes the counts when they have changed."""
        with self.lock:
            if self.changed:
                places.write_json(os.path.join(self.folder, "shelf.json"), self.videos)
                self.changed = False

    def describe(self, identity, about):
        """describe makes a video public; again, it changes what is said of it and keeps the counts."""
        with self.lock:
            fresh = {"variant": None, "published": int(time.time()), "shown": {v: [] for v in VARIANTS},
                     "clicks": {v: [] for v in VARIANTS}, "watched_s": {}}
            self.videos[identity] = {**fresh, **self.videos.get(identity, {}), "about": about}
            self.changed = True

    def variant(self, identity, visitor):
        """variant is what this visitor sees of this video, always the same until one is chosen for all."""
        chosen = self.videos[identity]["variant"]
        spread = hashlib.sha256(f"{identity} {visitor}".encode()).digest()[0]
        return chosen or VARIANTS[spread % len(VARIANTS)]

    def count(self, identity, what, variant, visitor):
        """count adds a visitor, once."""
        with self.lock:
            whom = self.videos[identity][what].get(variant)
            if whom is not None and visitor and visitor not in whom:
                whom.append(visitor)
                self.changed = True

    def watched(self, identity, visitor, seconds):
        with self.lock:
            times, whole = self.videos[identity]["watched_s"], self.videos[identity]["about"]["seconds"]
            times[visitor] = round(min(whole, times.get(visitor, 0) + seconds), 2)
            self.changed = True

    def figures(self):
        with self.lock:
            return {identity: {
                "about": v["about"], "variant": v["variant"], "published": v["published"],
                "shown": {k: len(n) for k, n in v["shown"].items()},
                "clicks": {k: len(n) for k, n in v["clicks"].items()},
                "views": len(v["watched_s"]), "watched_s": round(sum(v["watched_s"].values()), 1),
            } for identity, v in self.videos.items()}


class Handler(BaseHTTPRequestHandler):
    """Handler is one request. `shelf` belongs to the server."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_words):
        pass

    @property
    def shelf(self):
        return self.server.shelf

    def answer(self, body, kind="application/json", status=200, **headers):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode() if kind == "application/json" else body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status, why):
        self.close_connection = True   # a body may still be on its way
        self.answer({"error": why}, status=status)

    def words(self):
        """words are the parts of the path and the arguments; the visitor is a number."""
        url = urllib.parse.urlsplit(self.path)
        asked = dict(urllib.parse.parse_qsl(url.query))
        visitor = asked.get("visitor", "")
        asked["visitor"] = visitor if visitor.isdigit() and len(visitor) < 12 else ""
        return [part for part in url.path.split("/") if part], asked

    def body(self):
        size = int(self.headers.get("Content-Length") or 0)
        return self.rfile.read(size) if 0 <= size <= LARGEST else None

    def do_GET(self):
        parts, asked = self.words()
        if not parts:
            return self.home_page(asked["visitor"])
        if parts == ["api", "figures"]:
            return self.answer({"videos": self.shelf.figures()})
        if parts == ["metrics"]:
            return self.answer(metrics(self.shelf.figures()), "text/plain")
        show = {"thumb": self.thumb, "watch": self.watch, "video": self.video}.get(parts[0])
        if show is None or len(parts) < 2 or parts[1] not in self.shelf.videos:
            return self.refuse(404, "there is no such page")
        return show(parts[1], parts[2:], asked)

    def home_page(self, visitor):
        """home_page lists the newest videos, each with its variant in what a program can read too."""
        rows = []
        newest = sorted(self.shelf.videos.items(), key=lambda item: -item[1]["published"])[:24]
        for identity, video in newest:
            v = self.shelf.variant(identity, visitor)
            rows.append(f'<li><a href="/watch/{identity}?variant={v}&amp;visitor={visitor}">'
                        f'<img src="/thumb/{identity}/{v}.png?visitor={visitor}" width="320" alt="">'
                        f'{html.escape(video["about"]["titles"][v])}</a></li>')
        self.answer(f"<!doctype html><title>Videos</title><ul>{''.join(rows)}</ul>", "text/html; charset=utf-8")

    def thumb(self, identity, rest, asked):
        if len(rest) != 1 or rest[0] not in [f"{v}.png" for v in VARIANTS]:
            return self.refuse(404, "there is no such picture")
        self.shelf.count(identity, "shown", rest[0][0], asked["visitor"])
        with open(self.shelf.path(identity, rest[0]), "rb") as file:
            return self.answer(file.read(), "image/png")

    def watch(self, identity, _rest, asked):
        self.shelf.count(identity, "clicks", asked.get("variant", ""), asked["visitor"])
        about = self.shelf.videos[identity]["about"]
        title = html.escape(about["titles"].get(asked.get("variant"), about["titles"]["b"]))
        text = f'<!doctype html><title>{title}</title><h1>{title}</h1><video controls src="/video/{identity}?visitor='
        self.answer(f'{text}{asked["visitor"]}"></video><p>{html.escape(about["description"])}</p>',
                    "text/html; charset=utf-8")

    def video(self, identity, _rest, asked):
        """video sends a range; its share of the file is the time that this visitor has watched."""
        path = self.shelf.path(identity, "video.mp4")
        size = os.path.getsize(path)
        found = re.match(r"bytes=(\d+)-(\d*)$", self.headers.get("Range", "bytes=0-"))
        start, end = (int(found[1]), min(size - 1, int(found[2] or size - 1))) if found else (0, size - 1)
        if start > end:
            return self.refuse(416, "there is nothing there")
        with open(path, "rb") as file:
            file.seek(start)
            part = file.read(end - start + 1)
        if asked["visitor"]:
            whole = self.shelf.videos[identity]["about"]["seconds"]
            self.shelf.watched(identity, asked["visitor"], whole * len(part) / size)
        return self.answer(part, "video/mp4", 206 if "Range" in self.headers else 200, Accept_Ranges="bytes",
                           Content_Range=f"bytes {start}-{end}/{size}")

    def do_PUT(self):
        parts, _ = self.words()
        body = self.body()
        if body is None or parts[:2] != ["api", "videos"] or len(parts) not in (3, 4) or not NAME.match(parts[2]):
            return self.refuse(404, "nothing can be put there")
        if len(parts) == 4:
            if parts[3] not in ["video.mp4", *(f"{v}.png" for v in VARIANTS)]:
                return self.refuse(404, "a video has video.mp4 and three pictures")
            places.write(self.shelf.path(parts[2], parts[3]), body)
            return self.answer({"bytes": len(body)})
        return self.publish(parts[2], body)

    def publish(self, identity, body):
        try:
            about = json.loads(body)
            whole = set(about["titles"]) == set(VARIANTS) and about["seconds"] > 0 and isinstance(about["description"], str)
        except (ValueError, KeyError, TypeError):
            whole = False
        if not whole or not os.path.exists(self.shelf.path(identity, "video.mp4")):
            return self.refuse(400, "a video needs its file, three titles, its length and a description")
        self.shelf.describe(identity, about)
        self.shelf.save()
        return self.answer({"page": f"/watch/{identity}"})

    def do_POST(self):
        parts, _ = self.words()
        body = self.body() or b"{}"
        if len(parts) != 4 or parts[3] != "variant" or parts[2] not in self.shelf.videos:
            return self.refuse(404, "nothing can be posted there")
        try:
            chosen = json.loads(body)["variant"]
        except (ValueError, KeyError, TypeError):
            chosen = ""
        if chosen not in list(VARIANTS):
            return self.refuse(400, "variant is a, b or c")
        with self.shelf.lock:
            self.shelf.videos[parts[2]]["variant"], self.shelf.changed = chosen, True
        return self.answer({"variant": chosen})


def metrics(figures):
    """metrics are the site's figures for a probe of Helios."""
    shown = sum(sum(v["shown"].values()) for v in figures.values())
    clicks = sum(sum(v["clicks"].values()) for v in figures.values())
    whole = sum(v["views"] * v["about"]["seconds"] for v in figures.values())
    watched = sum(v["watched_s"] for v in figures.values())
    lines = [f"videos_published {len(figures)}"]
    if shown:
        lines.append(f"click_rate {100 * clicks / shown:.3f}")
    if whole:
        lines.append(f"watch_share {100 * watched / whole:.3f}")
    return "\n".join(lines) + "\n"


def serve():
    """serve runs until SIGTERM; where it listens is in publisher/url and, for `helios up`, publisher/ports.env."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.shelf = Shelf(places.home("publisher"))
    url = f"http://127.0.0.1:{server.server_address[1]}"
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    signal.signal(signal.SIGINT, signal.SIG_IGN)   # of a terminal: whoever started it says SIGTERM
    saver = threading.Thread(target=save_often, args=(server.shelf,), daemon=True)
    saver.start()
    places.write(places.home("publisher", "url"), url + "\n")
    places.write(places.home("publisher", "ports.env"), f"PUBLISHER_URL={url}\n")
    places.write(places.home("publisher", "ready"), f"{os.getpid()}\n")
    print(f"ready {url}", flush=True)
    server.serve_forever()
    server.shelf.save()


def save_often(shelf):
    while True:
        time.sleep(SAVE_S)
        shelf.save()
