# SPDX-License-Identifier: MPL-2.0
"""publisher_api is all that the production asks of a publisher: upload, figures, choose. It speaks to bin/publisher
over HTTP; for a real one (YouTube's Data API, PeerTube) write these three functions anew and change nothing else."""

import json
import os
import urllib.request

from . import places

PATIENCE_S = 60
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def address():
    """address of the publisher: $PUBLISHER_URL, or what the running one wrote down."""
    found = os.environ.get("PUBLISHER_URL") or (places.read(places.home("publisher", "url")) or "").strip()
    if not found:
        raise OSError("no publisher is running: PUBLISHER_URL is not set")
    return found


def ask(method, path, body=None, kind="application/json"):
    request = urllib.request.Request(address() + path, data=body, method=method, headers={"Content-Type": kind})
    with DIRECT.open(request, timeout=PATIENCE_S) as answer:
        return json.load(answer)


def upload(identity, about, video, thumbnails):
    """upload sends the pictures and the film, then the description: only that makes it public. Can be repeated."""
    for name, path in thumbnails.items():
        with open(path, "rb") as file:
            ask("PUT", f"/api/videos/{identity}/{name}.png", file.read(), "image/png")
    with open(video, "rb") as file:
        ask("PUT", f"/api/videos/{identity}/video.mp4", file.read(), "video/mp4")
    return address() + ask("PUT", f"/api/videos/{identity}", json.dumps(about).encode())["page"]


def figures():
    """figures: {id: {about, variant, published, shown: {a…}, clicks: {a…}, views, watched_s}}."""
    return ask("GET", "/api/figures")["videos"]


def choose(identity, variant):
    """choose shows everybody this variant from now on."""
    return ask("POST", f"/api/videos/{identity}/variant", json.dumps({"variant": variant}).encode())
