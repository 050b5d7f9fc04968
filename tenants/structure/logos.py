"""A logo is checked by its content and stored re-encoded, without metadata."""

from io import BytesIO

from django.utils.translation import gettext as _

from shared.kernel.errors import FieldError, Invalid

BYTES_MAX = 1024 * 1024
PIXELS_MAX = 4_000_000
SIDE_MAX = 600  # a letterhead needs no more; a smaller picture makes a faster PDF
FORMATS = ("PNG", "JPEG", "WEBP")


def read_logo(content: bytes) -> tuple[bytes, str]:
    """The picture as PNG and its media type. Raises Invalid naming `logo`."""
    if len(content) > BYTES_MAX:
        raise _refuse(_("The picture is larger than 1 MB."))
    from PIL import Image, UnidentifiedImageError  # slow to load, and logos are rare

    try:
        with Image.open(BytesIO(content), formats=FORMATS) as picture:
            if picture.width * picture.height > PIXELS_MAX:
                raise _refuse(_("The picture has more than 4 million pixels."))
            picture.load()
            clean = picture.convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise _refuse(_("Use a PNG, JPEG or WebP picture.")) from error
    clean.thumbnail((SIDE_MAX, SIDE_MAX))
    output = BytesIO()
    clean.save(output, format="PNG", optimize=True)
    return output.getvalue(), "image/png"


def _refuse(message: str) -> Invalid:
    return Invalid(errors=[FieldError("logo", "not_a_picture", message)])
