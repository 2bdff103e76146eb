"""Images made smaller or of another type, by Pillow where it is installed: upright, sRGB, first frame, no metadata."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from .attachment import Attachment
from .measures import measures_of

if TYPE_CHECKING:
    from PIL.Image import Image

LONG_EDGE = 2000
"""Pixels. Claude takes no longer side once a request holds more than 20 images, and most models scale to less anyway.

Source: https://platform.claude.com/docs/en/build-with-claude/vision
"""

SMALL_EDGE = 1568
SMALL_BYTES = 3_000_000
"""In base64 within the 4 MB of Groq, the smallest limit of an image. Source: https://console.groq.com/docs/vision"""

MOST_DECODED = 100_000_000
"""Pixels of an image that is decoded here: 400 MB of memory."""

INSTALL = "pip install 'thinkdial[files]'"
_FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "AVIF")
_NAMES = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}
_QUALITIES = (90, 80, 65)


class ImageError(ValueError):
    """An image that cannot be decoded, or must not be."""


class MissingLibraryError(ImageError):
    """Pillow is not installed."""


class _Opened(Struct, frozen=True):
    image: Image
    lost: tuple[str, ...]


def made_smaller(given: Attachment, longest: int = LONG_EDGE) -> Attachment:
    """`given` with no side above `longest`, in its own type where that can be written, and a word of what was done.

    Raises `ImageError`.
    """
    media_type = given.media_type if given.media_type in _NAMES else "image/png"
    return _encoded(given, media_type, longest)


def as_common_types(given: Attachment) -> list[Attachment]:
    """`given` as what nearly every model takes, the better one first. Raises `ImageError`."""
    opened = _opened(given, LONG_EDGE)
    types = ("image/png", "image/jpeg") if given.media_type != "image/jpeg" else ("image/jpeg",)
    found = [_written(given, opened, one) for one in types]
    small = _written(given, _opened(given, SMALL_EDGE), "image/jpeg", most_bytes=SMALL_BYTES)
    return [one for one in (*found, small) if one.data != given.data]


def _encoded(given: Attachment, media_type: str, longest: int) -> Attachment:
    return _written(given, _opened(given, longest), media_type)


def _opened(given: Attachment, longest: int) -> _Opened:
    """The picture itself, upright, in sRGB, no side above `longest`, and what it has no more."""
    try:
        import PIL.Image
        from PIL import ImageOps
    except ImportError:
        raise MissingLibraryError(f"Pillow is not installed: {INSTALL}") from None
    lost: list[str] = []
    try:
        with (
            warnings.catch_warnings(action="ignore", category=PIL.Image.DecompressionBombWarning),
            PIL.Image.open(io.BytesIO(given.data), formats=_FORMATS) as read,
        ):
            if read.width * read.height > MOST_DECODED:
                raise ImageError(f"{read.width:,} x {read.height:,} pixels are more than are decoded here")
            if getattr(read, "n_frames", 1) > 1:
                lost.append("all frames but the first")
            read.draft("RGB", (longest, longest))
            image = ImageOps.exif_transpose(read)
            if read.info.get("icc_profile"):
                image = _in_srgb(image, read.info["icc_profile"])
                lost.append("the colour profile")
            if len(read.getexif()) or read.info.get("exif") or read.info.get("xmp"):
                lost.append("the metadata")
            image.load()
    except ImageError:
        raise
    except (
        PIL.UnidentifiedImageError,
        PIL.Image.DecompressionBombError,
        OSError,
        ValueError,
        SyntaxError,
        MemoryError,
    ) as error:
        raise ImageError(f"it cannot be decoded: {str(error)[:200] or type(error).__name__}") from None
    if max(image.size) > longest:
        image = image.convert("RGBA" if _is_transparent(image) else "RGB")
        image.thumbnail((longest, longest), PIL.Image.Resampling.LANCZOS)
    return _Opened(image, tuple(lost))


def _in_srgb(image: Image, profile: bytes) -> Image:
    """The same colours in sRGB; as it is where its profile cannot be read."""
    from PIL import ImageCms

    try:
        mode = "RGBA" if _is_transparent(image) else "RGB"
        whole = image if image.mode in ("RGB", "RGBA", "CMYK", "L") else image.convert(mode)
        made: Any = ImageCms  # its types are not whole
        source, to = made.ImageCmsProfile(io.BytesIO(profile)), made.createProfile("sRGB")
        found: Any = made.profileToProfile(whole, source, to, outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    return image if found is None else found


def _is_transparent(image: Image) -> bool:
    return image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info


def _written(given: Attachment, opened: _Opened, media_type: str, most_bytes: int | None = None) -> Attachment:
    image, lost = opened.image, [*opened.lost]
    if media_type == "image/jpeg" and _is_transparent(image):
        import PIL.Image

        ground = PIL.Image.new("RGB", image.size, "white")
        ground.paste(image, mask=image.convert("RGBA").getchannel("A"))
        image = ground
        lost.append("what is transparent, which is white now")
    if media_type == "image/jpeg" and image.mode not in ("RGB", "L"):
        image = image.convert("RGB")
    if media_type == "image/png" and image.mode not in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        image = image.convert("RGBA" if _is_transparent(image) else "RGB")
    data = b""
    for quality in _QUALITIES:
        written = io.BytesIO()
        how: dict[str, Any] = {"format": _NAMES[media_type]}
        image.info = {name: value for name, value in image.info.items() if name == "transparency"}
        if media_type != "image/png":
            how["quality"] = quality
        image.save(written, **how)
        data = written.getvalue()
        if media_type == "image/png" or most_bytes is None or len(data) <= most_bytes:
            break
    if media_type == "image/jpeg" and given.media_type != media_type:
        lost.append("sharp edges, to the compression of JPEG")
    return replace(
        given,
        media_type=media_type,
        data=data,
        measures=measures_of(data, "image", media_type),
        reveals=(),
        changed=_words(given, image.size, media_type, lost),
    )


def _words(given: Attachment, size: tuple[int, int], media_type: str, lost: list[str]) -> str:
    before = (given.measures.get("width"), given.measures.get("height"))
    done: list[str] = []
    if before != size:
        was = f", not {before[0]:,} x {before[1]:,}" if before[0] is not None and before[1] is not None else ""
        done.append(f"sent with {size[0]:,} x {size[1]:,} pixels{was}")
    if media_type != given.media_type:
        done.append(f"{'' if done else 'sent '}as {_NAMES[media_type]}")
    words = ", ".join(done) or "written anew"
    return f"{words}; lost: {', '.join(lost)}" if lost else words
