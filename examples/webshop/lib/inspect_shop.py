# SPDX-License-Identifier: MPL-2.0
"""inspect_shop owns the verifier's eye: are pages and answers still what they must be? It compares
bytes with the manifest and answers with the database; how fast they come is not its business."""

import hashlib
import json

from . import edge, goods, pages, paths, web

PAGES = ("index", "boots", "product")
ASSETS = ("shop.css", "shop.js", "picture-0.png", "picture-59.png")
PRODUCTS = (0, 3, 299, 599)


def _same(url, name, packed, findings, manifest):
    answer = web.ask(url, packed)
    body = answer.body
    if name.startswith("pages/") and b'src="data:' in body:
        body = pages.outline(body)
    how = "compressed" if packed else "plain"
    if answer.status != 200:
        findings.append(f"{name} ({how}) answers {answer.status or 'nothing'}")
    elif hashlib.sha256(body).hexdigest() != manifest[name]["sha256"]:
        findings.append(f"{name} ({how}) is not the page that was made")


def static(ports, findings):
    manifest = paths.read_json(paths.at("manifest.json"))
    door = f"http://{paths.HOST}:{ports['EDGE_PORT']}"
    for packed in (False, True):
        for name in PAGES:
            _same(f"{door}/{name}.html", f"pages/{name}.html", packed, findings, manifest)
        for name in ASSETS:
            _same(f"{door}/assets/{name}", f"assets/{name}", packed, findings, manifest)
    line = f"http://{paths.HOST}:{ports['LINE_PORT']}"
    _same(f"{line}/index.html", "pages/index.html", True, findings, manifest)


def _json(url, findings, method="GET"):
    answer = web.ask(url, True, method)
    if answer.status != 200:
        findings.append(f"{method} {url} answers {answer.status or 'nothing'}")
        return None
    try:
        return json.loads(answer.body)
    except ValueError:
        findings.append(f"{method} {url} is not JSON")
        return None


def answers(ports, findings):
    door, shelf = f"http://{paths.HOST}:{ports['EDGE_PORT']}/api", goods.Shelf()
    for number in PRODUCTS:
        found = _json(f"{door}/product/{number}", findings)
        if found is not None and found != json.loads(shelf.product(number)):
            findings.append(f"product {number} is not what the database says")
    shown = _json(f"{door}/shelf", findings)
    if shown is not None and len(shown) != 6:
        findings.append(f"the shelf shows {len(shown)} products, not 6")
    term = goods.TERMS[1]
    found = _json(f"{door}/search?q={term}", findings)
    if found is not None and found != json.loads(shelf.search(term)):
        if not edge.settings()["shed_search"]:
            findings.append(f"the search for {term} is not what the database says")
    cart = _json(f"{door}/cart/3", findings, "POST")
    if cart is not None and cart != {"cart": [3]}:
        findings.append("the cart does not hold what was put there")
    if web.ask(f"{door}/product/999999").status != 404:
        findings.append("a product that does not exist is not answered by 404")


def inspect(ports):
    """inspect lists everything that is wrong; an empty list is a pass."""
    findings = []
    static(ports, findings)
    answers(ports, findings)
    return findings
