"""A tenant's colour stays legible whatever it is."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.brand import (
    DARK_INK,
    DARK_SURFACE,
    LIGHT_INK,
    LIGHT_PAGE,
    LIGHT_SURFACE,
    brand_stylesheet,
    contrast,
    mix,
    parse_colour,
)


def colours_of(css: str) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    light, dark = re.findall(r"#[0-9a-f]{6}", css)
    return parse_colour(light), parse_colour(dark)


def test_contrast_of_black_and_white() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)


def test_a_legible_colour_is_kept() -> None:
    assert "light-dark(#0b5cad," in brand_stylesheet("#0B5CAD")


@pytest.mark.parametrize("colour", ["red", "#fff", "#12345g", "#123456;}", "#0b5cad\n"])
def test_other_texts_are_refused(colour: str) -> None:
    with pytest.raises(ValueError, match="#rrggbb"):
        brand_stylesheet(colour)


@given(st.integers(min_value=0, max_value=0xFFFFFF))
def test_every_colour_becomes_legible_in_both_themes(number: int) -> None:
    light, dark = colours_of(brand_stylesheet(f"#{number:06x}"))
    for other in (LIGHT_SURFACE, LIGHT_PAGE, LIGHT_INK, mix(light, LIGHT_SURFACE, 0.1)):
        assert contrast(light, other) >= 4.5
    for other in (DARK_SURFACE, DARK_INK, mix(dark, DARK_SURFACE, 0.1)):
        assert contrast(dark, other) >= 4.5
