# SPDX-License-Identifier: MPL-2.0
"""style owns what CHANNEL_STYLE_GUIDE.md says to the programs: its table of settings. Who writes the guide is guide.py."""

import re

from . import places

# What holds until the first guide is written. opening: what the hook is made of; words: spoken a minute.
DEFAULTS = {"opening": "question", "words": 160, "seconds": 62}
ROW = re.compile(r"^\| `(\w+)` \| `([^`]+)` \|", re.M)


def path():
    return places.home("CHANNEL_STYLE_GUIDE.md")


def settings():
    """settings are those of the guide that is in force."""
    found = dict(DEFAULTS)
    for name, value in ROW.findall(places.read(path(), "")):
        if name in found:
            found[name] = int(value) if isinstance(DEFAULTS[name], int) else value
    return found
