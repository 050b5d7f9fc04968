"""A tenant's brand colour as tokens of the design system, kept legible in both themes.

Pure: a colour in, a few lines of CSS out. Whatever colour a tenant picks, text in it on our
surfaces and text on it keep the contrast WCAG 2.2 AA asks for (4.5 to 1).
"""

import re

HEX_COLOUR = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)
CONTRAST_MIN = 4.5
LIGHT_SURFACE, LIGHT_INK = (255, 255, 255), (255, 255, 255)
DARK_SURFACE, DARK_INK = (17, 27, 41), (6, 18, 31)
LIGHT_PAGE = (246, 248, 251)
SOFT_PART = 0.10
STEPS = 100

Colour = tuple[int, int, int]


def parse_colour(text: str) -> Colour:
    """#rrggbb as three numbers. Raises ValueError for anything else."""
    if not HEX_COLOUR.fullmatch(text):
        raise ValueError("A colour is written #rrggbb.")
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def _luminance(colour: Colour) -> float:
    def linear(channel: int) -> float:
        share = channel / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(channel) for channel in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, other: Colour) -> float:
    """WCAG contrast ratio, 1 to 21."""
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def mix(colour: Colour, into: Colour, part: float) -> Colour:
    """`part` of `colour` in `into`, as CSS color-mix does it in sRGB."""
    red, green, blue = (
        round(mine * part + its * (1 - part)) for mine, its in zip(colour, into, strict=True)
    )
    return red, green, blue


def _legible(colour: Colour, *, toward: Colour, surfaces: tuple[Colour, ...], ink: Colour) -> str:
    """Move the colour to black or white in steps until it reads on every surface and under ink."""
    for step in range(STEPS + 1):
        candidate = mix(toward, colour, step / STEPS)
        soft = mix(candidate, surfaces[0], SOFT_PART)
        if all(contrast(candidate, other) >= CONTRAST_MIN for other in (*surfaces, soft, ink)):
            break
    return "#{:02x}{:02x}{:02x}".format(*candidate)


def brand_stylesheet(colour: str) -> str:
    """The stylesheet that sets --brand for both themes. Raises ValueError for a bad colour."""
    chosen = parse_colour(colour)
    light = _legible(chosen, toward=(0, 0, 0), surfaces=(LIGHT_SURFACE, LIGHT_PAGE), ink=LIGHT_INK)
    dark = _legible(chosen, toward=(255, 255, 255), surfaces=(DARK_SURFACE,), ink=DARK_INK)
    return f"@layer tokens {{ :root {{ --brand: light-dark({light}, {dark}); }} }}\n"
