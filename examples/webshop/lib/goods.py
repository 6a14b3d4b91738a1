# SPDX-License-Identifier: MPL-2.0
"""goods owns what the shop sells: 600 products with reviews in a real SQLite table, made from a
seed, and the popularity by which people want them. It knows nothing of HTTP or of the cache."""

import bisect
import json
import os
import random
import sqlite3

from . import paths

PRODUCTS = 600
REVIEWS_EACH = 48
ZIPF = 0.8
CATEGORIES = ("jackets", "boots", "tents", "packs", "lamps", "stoves")
_KINDS = {"jackets": ("Rain Jacket", "Down Parka", "Wind Shell", "Fleece"),
          "boots": ("Hiking Boot", "Trail Shoe", "Gaiter", "Sandal"),
          "tents": ("Dome Tent", "Tarp", "Bivouac", "Tunnel Tent"),
          "packs": ("Day Pack", "Trekking Pack", "Duffel", "Hip Bag"),
          "lamps": ("Head Lamp", "Lantern", "Torch", "Solar Lamp"),
          "stoves": ("Gas Stove", "Kettle", "Pan Set", "Wood Stove")}
_SERIES = ("Alpine", "Birch", "Coast", "Drift", "Ember", "Fjord", "Granite", "Harbour", "Isle",
           "Juniper", "Kestrel", "Lynx", "Meadow", "North", "Otter", "Pine", "Quarry", "Ridge")
WORDS = ("light sturdy waterproof breathable seam taped zip pocket adjustable strap padded "
         "recycled nylon cotton merino wool membrane hood cuff sole grip rubber leather "
         "aluminium pole peg ventilation lining weight gram litre volume comfort weather storm "
         "rain wind snow cold warm summer winter mountain forest lake river trail camp morning "
         "evening journey weekend family children repair guarantee spare part wash care dry "
         "pack small fast quiet bright strong soft simple honest made tested years season "
         "colour green blue slate rust sand black fit size wide narrow long short with without "
         "under over between every while after before where which that carries keeps holds "
         "folds opens closes lasts stays feels looks works fits needs takes gives the and for "
         "from this our your their one two three most best good better well very also").split()
TERMS = tuple(("rain wind wool light tent lamp boot pack stove warm winter summer storm leather "
               "hood grip pole trail camp family repair solar merino down fleece duffel kettle "
               "pan gas wood torch lantern gaiter sandal tarp dome tunnel day hip shell").split())


def prose(rng, words):
    """prose makes sentences of plain words: text that compresses as catalogue text does."""
    out, left = [], words
    while left > 0:
        size = min(left, rng.randint(7, 16))
        out.append(" ".join(rng.choices(WORDS, k=size)).capitalize() + ".")
        left -= size
    return " ".join(out)


def product(rng, number):
    category = CATEGORIES[number % len(CATEGORIES)]
    name = f"{rng.choice(_SERIES)} {rng.choice(_KINDS[category])} {number + 100}"
    return (number, category, name, rng.randint(9, 480) * 100 + 95, rng.randint(0, 90),
            prose(rng, 120))


def build(path, seed):
    """build makes the tables; the same seed makes the same shop."""
    if os.path.exists(path):
        os.remove(path)
    rng = random.Random(seed)
    db = sqlite3.connect(path)
    db.executescript("""
        CREATE TABLE product (id INTEGER PRIMARY KEY, category TEXT, name TEXT, cents INT,
                              stock INT, text TEXT);
        CREATE TABLE review (product INT, stars INT, text TEXT);
        CREATE TABLE purchase (id INTEGER PRIMARY KEY, product INT, cents INT);""")
    db.executemany("INSERT INTO product VALUES (?,?,?,?,?,?)",
                   [product(rng, n) for n in range(PRODUCTS)])
    db.executemany("INSERT INTO review VALUES (?,?,?)",
                   [(n, rng.randint(1, 5), prose(rng, 30))
                    for n in range(PRODUCTS) for _ in range(REVIEWS_EACH)])
    db.execute("CREATE INDEX review_of ON review (product)")
    db.commit()
    db.close()


class Popularity:
    """Popularity draws numbers 0..n-1 by Zipf's law: the first is wanted most."""

    def __init__(self, rng, n, exponent=ZIPF):
        self.rng, self.sums, total = rng, [], 0.0
        for rank in range(1, n + 1):
            total += rank ** -exponent
            self.sums.append(total)

    def draw(self):
        return bisect.bisect_left(self.sums, self.rng.random() * self.sums[-1])


class Shelf:
    """Shelf asks the database. Every answer is the JSON text that the API sends and caches."""

    def __init__(self):
        self.db = sqlite3.connect(paths.at("goods.db"), isolation_level=None)
        self.db.execute("PRAGMA synchronous=OFF")

    def product(self, number):
        row = self.db.execute("SELECT * FROM product WHERE id=?", (number,)).fetchone()
        if row is None:
            return None
        reviews = self.db.execute("SELECT stars, text FROM review WHERE product=?",
                                  (number,)).fetchall()
        alike = self.db.execute("SELECT id, name, cents FROM product WHERE category=? AND id<>? "
                                "ORDER BY abs(cents-?) LIMIT 6",
                                (row[1], number, row[3])).fetchall()
        keys = ("id", "category", "name", "cents", "stock", "text")
        answer = dict(zip(keys, row), alike=alike,
                      stars=round(sum(r[0] for r in reviews) / len(reviews), 2),
                      reviews=[{"stars": s, "text": t} for s, t in reviews])
        return json.dumps(answer)

    def search(self, term):
        like = f"%{term}%"
        rows = self.db.execute("SELECT id, name, cents FROM product WHERE name LIKE ? "
                               "OR text LIKE ? ORDER BY stock DESC LIMIT 20",
                               (like, like)).fetchall()
        return json.dumps({"term": term, "found": [dict(zip(("id", "name", "cents"), r))
                                                   for r in rows]})

    def order(self, number):
        """order writes: it can never be answered from the cache."""
        cursor = self.db.execute("INSERT INTO purchase (product, cents) "
                                 "SELECT id, cents FROM product WHERE id=?", (number,))
        return json.dumps({"order": cursor.lastrowid, "product": number})
