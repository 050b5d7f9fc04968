"""Charts: the picture's proportions, its words, and the table behind it."""

import re
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.charts import (
    Chart,
    Series,
    Slice,
    ageing_bar,
    nice_ceiling,
    short_ticks,
    sparkline,
    stacked_bars,
)


def plain(value: Decimal) -> str:
    return f"{value:.2f}"


def parse(chart: Chart) -> ElementTree.Element:
    return ElementTree.fromstring(str(chart.svg))


def bars(chart: Chart, name: str = "chart__bar") -> list[ElementTree.Element]:
    return [node for node in parse(chart).iter("rect") if name in node.get("class", "")]


def share(node: ElementTree.Element) -> float:
    return float(node.get("width", "").rstrip("%"))


def two_months(**changes: object) -> Chart:
    values: dict[str, object] = {
        "title": "Revenue",
        "categories": ["October", "November"],
        "series": [
            Series("Share", [Decimal(60), Decimal(30)]),
            Series("Fees", [Decimal(40), Decimal(-5)]),
        ],
        "format_value": plain,
        "format_axis": plain,
        "total_label": "Total",
        "category_label": "Month",
    }
    return stacked_bars(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "ceiling"),
    [("0", "1"), ("-3", "1"), ("1", "1"), ("110600", "120000"), ("0.07", "0.08"), ("99", "100")],
)
def test_axis_ends_at_a_round_number(value: str, ceiling: str) -> None:
    assert nice_ceiling(Decimal(value)) == Decimal(ceiling)


@given(st.decimals(min_value="0.0001", max_value="1e12", places=4))
def test_axis_is_never_below_the_value_nor_over_twice_it(value: Decimal) -> None:
    assert value <= nice_ceiling(value) <= value * 2


def test_bar_heights_are_proportional_and_stacked() -> None:
    chart = two_months()
    share, fees, november = bars(chart)
    height = [float(bar.get("height", "")) + 1 for bar in (share, fees, november)]
    assert height[0] == pytest.approx(height[1] * 1.5, abs=0.3)
    assert height[2] == pytest.approx(height[0] / 2, abs=0.3)
    assert float(fees.get("y", "")) < float(share.get("y", ""))


def test_negative_values_have_no_bar_but_stand_in_the_table() -> None:
    chart = two_months()
    assert len(bars(chart)) == 3
    assert chart.header == ("Month", "Share", "Fees", "Total")
    assert chart.rows == (
        ("October", "60.00", "40.00", "100.00"),
        ("November", "30.00", "-5.00", "25.00"),
    )


def test_picture_has_a_name_a_description_and_a_title_for_each_bar() -> None:
    root = parse(two_months(description="Two months"))
    assert root.get("role") == "img"
    assert root.get("aria-label") == "Revenue. Two months"
    assert [node.text for node in root.iter("title")] == [
        "Revenue",
        "October: 100.00",
        "November: 25.00",
    ]
    assert [node.text for node in root.iter("desc")] == ["Two months"]


def test_provisional_bars_are_marked() -> None:
    groups = [g.get("class", "") for g in parse(two_months(provisional_from=1)).iter("g")]
    assert ["provisional" in css for css in groups] == [False, True]


def test_words_are_escaped_and_nothing_is_styled_inline() -> None:
    chart = two_months(title="<script>", categories=["A & B", "C"])
    text = str(chart.svg)
    assert "<script>" not in text
    assert "A &amp; B" in text
    assert not re.search(r"\sstyle=", text)


def test_no_categories_is_an_empty_picture() -> None:
    chart = two_months(categories=[], series=[Series("Share", [])])
    assert bars(chart) == []
    assert chart.rows == ()


def test_series_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="one value for each"):
        two_months(series=[Series("Share", [Decimal(1)])])


def test_ageing_parts_fill_the_bar_by_their_share() -> None:
    chart = ageing_bar(
        title="Ageing",
        buckets=[
            Slice("Current", Decimal(75)),
            Slice("1–30", Decimal(-10)),
            Slice("Over 30", Decimal(25)),
        ],
        format_value=plain,
        header=("Age", "Amount"),
    )
    current, late = bars(chart, "fill-age")
    assert share(current) == pytest.approx(74.6)
    assert share(late) == pytest.approx(24.6)
    assert late.get("x") == "75.000%"
    assert late.get("class") == "fill-age-2"
    assert chart.rows[1] == ("1–30", "-10.00")
    assert chart.colours == ("fill-age-0", "fill-age-1", "fill-age-2")


def test_ageing_of_nothing_is_an_empty_track() -> None:
    chart = ageing_bar(
        title="Ageing",
        buckets=[Slice("Current", Decimal(0))],
        format_value=plain,
        header=("Age", "Amount"),
    )
    assert bars(chart, "fill-age") == []
    assert len(bars(chart, "chart__track")) == 1


def spots(chart: Chart) -> list[tuple[float, float]]:
    line = next(parse(chart).iter("polyline"))
    pairs = (pair.split(",") for pair in line.get("points", "").split())
    return [(float(x), float(y)) for x, y in pairs]


def draw_line(*numbers: int) -> Chart:
    return sparkline(
        title="Days",
        points=[Slice(str(number), Decimal(number)) for number in numbers],
        format_value=plain,
        header=("Month", "Days"),
    )


def test_sparkline_spans_its_box_from_lowest_to_highest() -> None:
    assert spots(draw_line(10, 30, 20)) == [(0, 28), (50, 2), (100, 15)]


def test_sparkline_of_one_or_equal_points_is_flat() -> None:
    assert spots(draw_line(5)) == [(0, 28), (100, 28)]
    assert {y for _x, y in spots(draw_line(5, 5, 5))} == {28}


def test_sparkline_of_nothing_has_no_line() -> None:
    assert list(parse(draw_line()).iter("polyline")) == []


def test_one_bar_alone_is_no_wall() -> None:
    (bar,) = bars(two_months(categories=["October"], series=[Series("Share", [Decimal(60)])]))
    assert float(bar.get("width", "").rstrip("%")) <= 12


def test_ticks_are_cut_where_many_stand_beside_each_other() -> None:
    assert short_ticks(["Centre Bell annexe"]) == ["Centre Bell annexe"]
    assert short_ticks(["Centre Bell annexe"] * 5) == ["Centre B…"] * 5
