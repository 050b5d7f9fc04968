"""Provinces, territories and states as people write them, and their two-letter codes.

Sources: Canada Post, Addressing Guidelines (symbols of provinces); USPS Publication 28,
appendix B; French names: Termium Plus (Government of Canada).
"""

from collections.abc import Mapping

from tenants.imports.columns import plain

_CANADA = {
    "AB": ("Alberta",),
    "BC": ("British Columbia", "Colombie-Britannique", "C.-B."),
    "MB": ("Manitoba",),
    "NB": ("New Brunswick", "Nouveau-Brunswick", "N.-B."),
    "NL": ("Newfoundland and Labrador", "Newfoundland", "Terre-Neuve-et-Labrador", "T.-N.-L."),
    "NS": ("Nova Scotia", "Nouvelle-Écosse", "N.-É."),
    "NT": ("Northwest Territories", "Territoires du Nord-Ouest", "T.N.-O."),
    "NU": ("Nunavut",),
    "ON": ("Ontario",),
    "PE": ("Prince Edward Island", "Île-du-Prince-Édouard", "Î.-P.-É.", "PEI"),
    "QC": ("Quebec", "Québec", "PQ"),
    "SK": ("Saskatchewan",),
    "YT": ("Yukon", "Yukon Territory"),
}
_UNITED_STATES = {
    "AL": ("Alabama",),
    "AK": ("Alaska",),
    "AZ": ("Arizona",),
    "AR": ("Arkansas",),
    "CA": ("California", "Californie"),
    "CO": ("Colorado",),
    "CT": ("Connecticut",),
    "DE": ("Delaware",),
    "DC": ("District of Columbia", "District de Columbia"),
    "FL": ("Florida", "Floride"),
    "GA": ("Georgia", "Géorgie"),
    "HI": ("Hawaii", "Hawaï"),
    "ID": ("Idaho",),
    "IL": ("Illinois",),
    "IN": ("Indiana",),
    "IA": ("Iowa",),
    "KS": ("Kansas",),
    "KY": ("Kentucky",),
    "LA": ("Louisiana", "Louisiane"),
    "ME": ("Maine",),
    "MD": ("Maryland",),
    "MA": ("Massachusetts",),
    "MI": ("Michigan",),
    "MN": ("Minnesota",),
    "MS": ("Mississippi",),
    "MO": ("Missouri",),
    "MT": ("Montana",),
    "NE": ("Nebraska",),
    "NV": ("Nevada",),
    "NH": ("New Hampshire",),
    "NJ": ("New Jersey",),
    "NM": ("New Mexico", "Nouveau-Mexique"),
    "NY": ("New York", "État de New York"),
    "NC": ("North Carolina", "Caroline du Nord"),
    "ND": ("North Dakota", "Dakota du Nord"),
    "OH": ("Ohio",),
    "OK": ("Oklahoma",),
    "OR": ("Oregon",),
    "PA": ("Pennsylvania", "Pennsylvanie"),
    "RI": ("Rhode Island",),
    "SC": ("South Carolina", "Caroline du Sud"),
    "SD": ("South Dakota", "Dakota du Sud"),
    "TN": ("Tennessee",),
    "TX": ("Texas",),
    "UT": ("Utah",),
    "VT": ("Vermont",),
    "VA": ("Virginia", "Virginie"),
    "WA": ("Washington", "État de Washington"),
    "WV": ("West Virginia", "Virginie-Occidentale"),
    "WI": ("Wisconsin",),
    "WY": ("Wyoming",),
}


def _by_name(regions: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    return {plain(name): code for code, names in regions.items() for name in names}


_NAMES = {"CA": _by_name(_CANADA), "US": _by_name(_UNITED_STATES)}


def region_code(text: str, country: str) -> str:
    """The two-letter code of a name in full, English or French, whatever its case and accents.

    Canada unless a country is given; what is no such name stays as it is written.
    """
    return _NAMES.get(country.upper() or "CA", {}).get(plain(text), text)
