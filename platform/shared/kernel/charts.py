"""Charts drawn on the server as SVG, each with the table of numbers behind it.

Pure functions: numbers and words in, `Chart` out. Positions across are percentages and text has
its own size, so a chart is as legible at 300 px as at 1,200 px. Colours are classes of the theme,
never inline styles (content security policy).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

Formatter = Callable[[Decimal], str]

PLOT_LEFT = 10.0
BAR_SHARE = 0.56  # of the room of its category
BAR_MAX = 12.0  # percent of the picture: one bar alone is no wall
TICK_ROOM = 46  # letters of the smallest size under the bars of a phone
PLOT_TOP = 18
AXIS_HEIGHT = 24
SERIES_COLOURS = 6
AGE_COLOURS = 5
NICE_STEPS = ("1", "1.2", "1.6", "2", "3", "4", "5", "6", "8", "10")


@dataclass(frozen=True)
class Series:
    """One kind of amount over all categories; values in the order of the categories."""

    label: str
    values: Sequence[Decimal]


@dataclass(frozen=True)
class Slice:
    """One part of a whole."""

    label: str
    value: Decimal


@dataclass(frozen=True)
class LegendItem:
    """A colour class and what it stands for."""

    label: str
    colour: str


@dataclass(frozen=True)
class Chart:
    """An SVG and the same numbers as a table, formatted for the reader."""

    title: str
    svg: SafeString
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    legend: tuple[LegendItem, ...] = ()
    by_row: bool = False  # the legend names the rows of the table, not its columns

    @property
    def colours(self) -> tuple[str, ...]:
        """The colour class of each row, where rows have one."""
        return tuple(item.colour for item in self.legend) if self.by_row else ()


def nice_ceiling(value: Decimal) -> Decimal:
    """The smallest round number not below `value` whose half is round too: 120, 1,600, 30,000."""
    if value <= 0:
        return Decimal(1)
    power = Decimal(1).scaleb(value.adjusted())
    steps = (Decimal(step) * power for step in NICE_STEPS)
    return next(step for step in steps if step >= value)


def _frame(title: str, description: str, body: SafeString, *, attributes: str) -> SafeString:
    return format_html(
        '<svg role="img" aria-label="{}" {}><title>{}</title><desc>{}</desc>{}</svg>',
        f"{title}. {description}" if description else title,
        mark_safe(attributes),  # noqa: S308 - numbers of ours
        title,
        description,
        body,
    )


def short_ticks(names: Sequence[str]) -> list[str]:
    """Names cut so far that they stand beside each other on a phone."""
    room = max(TICK_ROOM // max(len(names), 1), 2)
    return [name if len(name) <= room else f"{name[: room - 1].rstrip()}…" for name in names]


def _grid(
    ceiling: Decimal, plot_height: float, format_axis: Formatter
) -> tuple[SafeString, SafeString]:
    """Three lines, nothing, half and the top, and the value of each, drawn over the bars."""
    lines, values = [], []
    for part in (Decimal(0), Decimal("0.5"), Decimal(1)):
        y = PLOT_TOP + plot_height * float(1 - part)
        lines.append((f"{y:.1f}", f"{y:.1f}"))
        values.append((f"{y - 5:.1f}", format_axis(ceiling * part)))
    return (
        format_html_join("", '<line class="chart__grid" x1="0" x2="100%" y1="{}" y2="{}"/>', lines),
        format_html_join("", '<text class="chart__value" x="0" y="{}">{}</text>', values),
    )


def _column(
    values: Sequence[Decimal], *, x: float, width: float, scale: float, base: float
) -> SafeString:
    """One bar: its parts on top of each other with a hairline between them."""
    parts = []
    y = base
    for number, value in enumerate(values):
        height = max(float(value), 0.0) * scale
        if height <= 0:
            continue
        y -= height
        drawn = max(height - 1, 0.5)
        parts.append((number % SERIES_COLOURS + 1, f"{x:.3f}", f"{width:.3f}", y, drawn))
    return format_html_join(
        "",
        '<rect class="chart__bar fill-{}" x="{}%" width="{}%" y="{}" height="{}" rx="2"/>',
        ((tone, left, wide, f"{top:.1f}", f"{high:.1f}") for tone, left, wide, top, high in parts),
    )


def _columns_svg(
    columns: Sequence[Sequence[Decimal]],
    *,
    names: Sequence[str],
    ticks: Sequence[str],
    provisional_from: int,
    ceiling: Decimal,
    height: int,
) -> SafeString:
    """All bars with the words under them; `names` are what the pointer reads over each."""
    plot = height - AXIS_HEIGHT - PLOT_TOP
    slot = (100 - PLOT_LEFT) / max(len(columns), 1)
    width = min(slot * BAR_SHARE, BAR_MAX)
    groups = []
    for number, column in enumerate(columns):
        left = PLOT_LEFT + slot * number
        bar = _column(
            column,
            x=left + (slot - width) / 2,
            width=width,
            scale=plot / float(ceiling),
            base=PLOT_TOP + plot,
        )
        pale = " chart__group--provisional" if number >= provisional_from else ""
        middle = f"{left + slot / 2:.3f}"
        groups.append(
            (pale, names[number], f"{left:.3f}", f"{slot:.3f}", bar, middle, ticks[number])
        )
    return format_html_join(
        "",
        '<g class="chart__group{}"><title>{}</title>'
        f'<rect class="chart__hit" x="{{}}%" width="{{}}%" y="{PLOT_TOP}" height="{plot}" rx="4"/>'
        f'{{}}<text x="{{}}%" y="{height - 6}" text-anchor="middle">{{}}</text></g>',
        groups,
    )


def stacked_bars(
    *,
    title: str,
    categories: Sequence[str],
    series: Sequence[Series],
    format_value: Formatter,
    format_axis: Formatter,
    total_label: str,
    category_label: str = "",
    description: str = "",
    provisional_from: int | None = None,
    ticks: Sequence[str] | None = None,
    height: int = 208,
) -> Chart:
    """Bars per category, one part per series; from `provisional_from` on they are drawn pale.

    Negative values count as nothing in the picture and are shown in the table. `ticks` are
    shorter words under the bars. Raises ValueError where a series has another length.
    """
    if any(len(one.values) != len(categories) for one in series):
        raise ValueError("Every series has one value for each category.")
    columns = [tuple(one.values[i] for one in series) for i in range(len(categories))]
    totals = [format_value(sum(column, Decimal(0))) for column in columns]
    tallest = max((sum(v for v in column if v > 0) for column in columns), default=0)
    ceiling = nice_ceiling(Decimal(tallest))
    bars = _columns_svg(
        columns,
        names=[f"{name}: {total}" for name, total in zip(categories, totals, strict=True)],
        ticks=ticks or categories,
        provisional_from=len(columns) if provisional_from is None else provisional_from,
        ceiling=ceiling,
        height=height,
    )
    lines, axis = _grid(ceiling, height - AXIS_HEIGHT - PLOT_TOP, format_axis)
    body = lines + bars + axis
    return Chart(
        title=title,
        svg=_frame(title, description, body, attributes=f'height="{height}" width="100%"'),
        header=(category_label, *(one.label for one in series), total_label),
        rows=tuple(
            (name, *(format_value(value) for value in column), total)
            for name, column, total in zip(categories, columns, totals, strict=True)
        ),
        legend=tuple(
            LegendItem(one.label, f"fill-{number % SERIES_COLOURS + 1}")
            for number, one in enumerate(series)
        ),
    )


def ageing_bar(
    *,
    title: str,
    buckets: Sequence[Slice],
    format_value: Formatter,
    header: tuple[str, str],
    description: str = "",
    height: int = 10,
) -> Chart:
    """One bar split by age, youngest first; a credit (negative bucket) takes no room in it."""
    total = sum((max(bucket.value, Decimal(0)) for bucket in buckets), Decimal(0))
    parts = []
    left = 0.0
    for number, bucket in enumerate(buckets):
        if bucket.value <= 0:
            continue
        width = float(bucket.value / total) * 100
        colour = min(number, AGE_COLOURS - 1)
        text = f"{bucket.label}: {format_value(bucket.value)}"
        parts.append((colour, f"{left:.3f}", f"{max(width - 0.4, 0.4):.3f}", height, text))
        left += width
    track = format_html(
        '<rect class="chart__track" width="100%" height="{}" rx="{}"/>', height, height // 2
    )
    bars = format_html_join(
        "",
        '<rect class="fill-age-{}" x="{}%" width="{}%" height="{}" rx="3"><title>{}</title></rect>',
        parts,
    )
    return Chart(
        title=title,
        svg=_frame(
            title,
            description,
            bars if parts else track,
            attributes=f'height="{height}" width="100%"',
        ),
        header=header,
        rows=tuple((bucket.label, format_value(bucket.value)) for bucket in buckets),
        legend=tuple(
            LegendItem(bucket.label, f"fill-age-{min(number, AGE_COLOURS - 1)}")
            for number, bucket in enumerate(buckets)
        ),
        by_row=True,
    )


def sparkline(
    *,
    title: str,
    points: Sequence[Slice],
    format_value: Formatter,
    header: tuple[str, str],
    description: str = "",
) -> Chart:
    """A line without axes over equally spaced points; flat where all are the same."""
    values = [float(point.value) for point in points]
    low, high = min(values, default=0.0), max(values, default=0.0)
    spread = (high - low) or 1.0
    step = 100 / max(len(values) - 1, 1)
    spots = [(i * step, 28 - (value - low) / spread * 26) for i, value in enumerate(values)]
    if len(spots) == 1:
        spots.append((100.0, spots[0][1]))
    path = " ".join(f"{x:.2f},{y:.2f}" for x, y in spots)
    body = format_html(
        '<polygon class="chart__area" points="0,30 {0} 100,30"/>'
        '<polyline class="chart__stroke" points="{0}"/>',
        path,
    )
    return Chart(
        title=title,
        svg=_frame(
            title,
            description,
            body if spots else mark_safe(""),
            attributes='viewBox="0 0 100 30" preserveAspectRatio="none"',
        ),
        header=header,
        rows=tuple((point.label, format_value(point.value)) for point in points),
    )
