# SPDX-License-Identifier: MPL-2.0
"""pages owns the static side of the shop: catalogue pages, style, script and pictures, and the
manifest of their bytes. Inlined copies of the pages are made only when somebody asks for them."""

import base64
import hashlib
import os
import random
import struct
import zlib

from . import goods, paths

ITEMS_A_PAGE = 60
VISIBLE = 4          # pictures above the fold: a browser fetches these, the rest are lazy
PICTURES = 60
NAMES = ("index",) + goods.CATEGORIES
_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Lindqvist Outdoor: {title}</title>
<link rel="stylesheet" href="/assets/shop.css"><script src="/assets/shop.js" defer></script></head>
<body><header class="masthead"><h1>Lindqvist Outdoor</h1><nav>{nav}</nav></header>
<main class="catalogue">
"""
_ITEM = """<article class="catalogue__item" id="product-{id}">
  <img class="catalogue__picture" src="/assets/picture-{picture}.png" alt="{name}"
    width="36" height="30"{lazy}>
  <h2 class="catalogue__name"><a href="/product.html#{id}">{name}</a></h2>
  <p class="catalogue__price">EUR {price}</p><p class="catalogue__text">{text}</p>
  <p class="catalogue__stock">{stock} in stock, sent today</p>
  <button class="catalogue__button" data-product="{id}">Add to the cart</button>
</article>
"""
_FOOT = "</main><footer><p>{text}</p></footer></body></html>\n"


def picture(rng, width=36, height=30):
    """picture is a real PNG of noise on a colour: as incompressible as a photograph."""
    base = [rng.randint(60, 180) for _ in range(3)]
    rows = b"".join(b"\0" + bytes(c + rng.randint(0, 75) for _ in range(width) for c in base)
                    for _ in range(height))

    def chunk(kind, body):
        return (struct.pack(">I", len(body)) + kind + body
                + struct.pack(">I", zlib.crc32(kind + body)))
    head = struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head)
            + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


def items(name, products, rng):
    chosen = products if name == "index" else [p for p in products if p[1] == name]
    for place, p in enumerate(chosen[:ITEMS_A_PAGE]):
        yield _ITEM.format(id=p[0], picture=p[0] % PICTURES, name=p[2], price=f"{p[3] / 100:.2f}",
                           stock=p[4], text=p[5] + " " + goods.prose(rng, 330),
                           lazy="" if place < VISIBLE else ' loading="lazy"')


def page(name, products, rng):
    nav = " ".join(f'<a href="/{n}.html">{n}</a>' for n in NAMES)
    return (_HEAD.format(title=name, nav=nav) + "".join(items(name, products, rng))
            + _FOOT.format(text=goods.prose(rng, 120)))


def style(rng):
    return "".join(f".catalogue__{rng.choice(goods.WORDS)}-{n} {{ margin: {n % 24}px; padding: "
                   f"{n % 12}px; color: #{rng.randrange(1 << 24):06x}; "
                   f"border-radius: {n % 5}px; }}\n"
                   for n in range(230))


def script(rng):
    return "".join(f"function {rng.choice(goods.WORDS)}_{n}(event) {{ const node = event.target; "
                   f"node.dataset.{rng.choice(goods.WORDS)} = '{n}'; return node; }}\n"
                   for n in range(240))


def build(seed):
    """build writes the whole static shop and a manifest of it; the same seed, the same bytes."""
    rng = random.Random(seed)
    products = [goods.product(rng, n) for n in range(goods.PRODUCTS)]
    files = {f"pages/{name}.html": page(name, products, rng) for name in NAMES}
    files["pages/product.html"] = page("product", products[:0], rng).replace(
        "</main>", f"<section id='detail'>{goods.prose(rng, 5000)}</section></main>")
    files["assets/shop.css"] = style(rng)
    files["assets/shop.js"] = script(rng)
    for n in range(PICTURES):
        files[f"assets/picture-{n}.png"] = picture(rng)
    manifest = {}
    for name, body in files.items():
        body = body if isinstance(body, bytes) else body.encode()
        paths.write(paths.at("www", name), body)
        manifest[name] = {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}
    paths.write_json(paths.at("manifest.json"), manifest)


def _uris():
    """_uris pairs each picture's address with its data URI."""
    for n in range(PICTURES):
        with open(paths.at("www", "assets", f"picture-{n}.png"), "rb") as file:
            body = base64.b64encode(file.read()).decode()
        yield f'src="/assets/picture-{n}.png"', f'src="data:image/png;base64,{body}"'


def inline():
    """inline writes a second set of pages that carry every picture inside."""
    pairs = dict(_uris())
    for name in os.listdir(paths.at("www", "pages")):
        text = paths.read(paths.at("www", "pages", name))
        for address, uri in pairs.items():
            text = text.replace(address, uri)
        paths.write(paths.at("www", "inlined", name), text)


def outline(body):
    """outline turns a page with pictures inside back into the page that it was made from."""
    for address, uri in _uris():
        body = body.replace(uri.encode(), address.encode())
    return body
