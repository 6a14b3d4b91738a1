# SPDX-License-Identifier: MPL-2.0
"""ass owns the drawing of text and shapes as a subtitle script that ffmpeg burns in: styles, lines, vector shapes.
Positions are of a picture of 1280x720. It knows no lesson."""

import math

WIDTH, HEIGHT = 1280, 720
HEAD = """[Script Info]
ScriptType: v4.00+
PlayResX: 1280
PlayResY: 720
WrapStyle: 0
ScaledBorderAndShadow: yes

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
"""
# name: size, bold, outline, alignment (as on a number pad), margins left, right and vertical
STYLES = {
    "title": (84, 1, 3, 5, 110, 110, 0),
    "small": (34, 0, 2, 7, 70, 70, 0),
    "term": (64, 1, 3, 7, 70, 420, 0),
    "list": (40, 0, 2, 7, 70, 420, 0),
    "caption": (42, 1, 3, 2, 120, 120, 46),
    "shape": (20, 0, 0, 7, 0, 0, 0),
}


def colour(rgb, alpha=0):
    """colour turns rrggbb into the other order that a script wants."""
    return f"&H{alpha:02X}{rgb[4:6]}{rgb[2:4]}{rgb[0:2]}".upper()


def head():
    lines = []
    for name, (size, bold, outline, align, left, right, vertical) in STYLES.items():
        lines.append(f"Style: {name},DejaVu Sans,{size},{colour('ffffff')},{colour('ffffff')},{colour('101820')},"
                     f"{colour('101820', 0x60)},{-bold},0,0,0,100,100,0,0,1,{outline},0,{align},{left},{right},"
                     f"{vertical},1")
    return (HEAD + "\n".join(lines)
            + "\n\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n")


def clock(seconds):
    hundredths = max(0, round(seconds * 100))
    return f"{hundredths // 360000}:{hundredths // 6000 % 60:02}:{hundredths // 100 % 60:02}.{hundredths % 100:02}"


def safe(text):
    """safe takes from a text what would mean something to the script."""
    return text.replace("\\", "/").replace("{", "(").replace("}", ")").replace("\n", " ")


def line(start, end, style, text, tags="", layer=2):
    """line is one text for a time; tags as \\pos(…) and colours."""
    marked = f"{{{tags}}}{safe(text)}" if tags else safe(text)
    return f"Dialogue: {layer},{clock(start)},{clock(end)},{style},,0,0,0,,{marked}\n"


def shape(start, end, path, tags, layer=0):
    """shape draws a path of `m` and `l` words."""
    return f"Dialogue: {layer},{clock(start)},{clock(end)},shape,,0,0,0,,{{{tags}\\p1}}{path}{{\\p0}}\n"


def box(width, height):
    return f"m 0 0 l {width} 0 l {width} {height} l 0 {height}"


def gear(teeth, radius):
    """gear is a wheel with a hole; its middle is (radius, radius)."""
    points, step = [], 2 * math.pi / teeth
    for n in range(teeth):
        for part, far in ((0.0, 0.82), (0.18, 1.0), (0.42, 1.0), (0.60, 0.82)):
            turn = (n + part) * step
            points.append((radius + far * radius * math.cos(turn), radius + far * radius * math.sin(turn)))
    hole = [(radius + 0.35 * radius * math.cos(-n * step / 2), radius + 0.35 * radius * math.sin(-n * step / 2))
            for n in range(teeth * 2)]
    return f"{outline(points)} {outline(hole)}"


def outline(points):
    first, *rest = (f"{x:.1f} {y:.1f}" for x, y in points)
    return f"m {first} l " + " ".join(rest)


def srt(captions):
    """srt is the same captions as a track that a player can switch on."""
    def stamp(seconds):
        whole = round(seconds * 1000)
        return f"{whole // 3600000:02}:{whole // 60000 % 60:02}:{whole // 1000 % 60:02},{whole % 1000:03}"
    return "".join(f"{n}\n{stamp(c['start'])} --> {stamp(c['end'])}\n{c['text']}\n\n"
                   for n, c in enumerate(captions, 1))
