"""A letterhead's logo, decoded and compressed once per process instead of once per document."""

import logging
from binascii import Error as Base64Error
from functools import lru_cache
from hashlib import md5
from io import BytesIO
from typing import Any
from urllib.request import urlopen

import pydyf
from PIL import Image
from weasyprint.images import RasterImage

logger = logging.getLogger(__name__)

LOGOS_KEPT = 32
PIXELS_MAX = 20_000_000
# Twice what 300 dpi needs in the box of .logo (240 × 64 CSS pixels).
PRINT_SIZE = (1600, 800)


class Logo(RasterImage):  # type: ignore[misc]
    """A raster image that remembers its PDF streams. Written against WeasyPrint 70."""

    _streams: tuple[pydyf.Stream, pydyf.Stream | None] | None = None

    def get_x_object(self, interpolate: bool, dpi_ratio: float) -> pydyf.Stream:
        """A fresh stream object around the remembered bytes: writing a PDF numbers objects."""
        if self._streams is None:
            image = super().get_x_object(interpolate, dpi_ratio)
            self._streams = image, image.extra.pop("SMask", None)
        image, mask = self._streams
        copy = pydyf.Stream(list(image.stream), dict(image.extra))
        if mask is not None:
            copy.extra["SMask"] = pydyf.Stream(list(mask.stream), dict(mask.extra))
        return copy


@lru_cache(maxsize=LOGOS_KEPT)
def load_logo(url: str) -> Logo | None:
    """The image in a `data:` URL, reduced to what print needs.

    None for any other URL (nothing is ever fetched), for what is no raster image, and for one
    of more than 20 million pixels: the document is then printed without it.
    """
    if not url.startswith("data:image/"):
        logger.warning("A document asked for %.60r; only embedded images are shown.", url)
        return None
    try:
        data = urlopen(url).read()  # noqa: S310 - a data: URL, see above
        image = Image.open(BytesIO(data))
        if image.width * image.height > PIXELS_MAX:
            raise ValueError(f"{image.width} by {image.height} pixels are too many")
        return _make_logo(url, image, data)
    except (Base64Error, OSError, ValueError, SyntaxError) as error:
        logger.warning("A logo cannot be shown: %s", error)
        return None


def _make_logo(url: str, image: Image.Image, data: bytes) -> Logo:
    if image.width > PRINT_SIZE[0] or image.height > PRINT_SIZE[1]:
        kind = image.format
        reduced = image.convert("RGBA") if image.mode in ("P", "LA", "PA") else image.copy()
        reduced.thumbnail(PRINT_SIZE)
        file = BytesIO()
        reduced.save(file, "JPEG" if kind == "JPEG" else "PNG")
        data = file.getvalue()
        image = Image.open(BytesIO(data))
    image_id = md5(url.encode(), usedforsecurity=False).hexdigest()
    store: dict[str, Any] = {}
    return Logo(image, image_id, data, cache=store, orientation="from-image")
