"""Images made smaller and of other types: what they are then, and what is said to be lost."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tests.files_made import png
from thinkdial.engine.attachments import images
from thinkdial.engine.attachments.attachment import Attachment
from thinkdial.engine.attachments.converted import as_wished
from thinkdial.engine.attachments.images import ImageError, as_common_types, made_smaller
from thinkdial.engine.attachments.sources import attachment_of
from thinkdial.engine.attachments.wishes import FileWishes


def written(image: Image.Image, form: str, **how: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **how)  # pyright: ignore[reportArgumentType] whatever the writer knows
    return file.getvalue()


def told_place() -> bytes:
    exif = Image.Exif()
    exif[0x0110], exif[0x0112], exif[0x8825] = "Pocket 9", 6, {1: "N", 2: (1.0, 2.0, 3.0)}
    return written(Image.new("RGB", (60, 40), "red"), "JPEG", exif=exif)


def test_a_large_image_is_brought_to_one_size_for_all_and_that_is_said() -> None:
    given = attachment_of(png(3000, 1500), "chart.png", "chart.png")
    (made,) = as_wished([given], FileWishes())
    assert Image.open(io.BytesIO(made.data)).size == (2000, 1000)
    assert made.measures == {"width": 2000, "height": 1000}
    assert made.changed == "sent with 2,000 x 1,000 pixels, not 3,000 x 1,500"
    assert made.piece().native["changed"] == made.changed
    assert as_wished([given], FileWishes(as_is=True))[0].data == given.data
    small = attachment_of(png(2000, 10), "a.png", "a.png")
    assert as_wished([small], FileWishes())[0].data == small.data


def test_what_metadata_tell_goes_only_where_it_is_written_anew() -> None:
    given = attachment_of(told_place(), "a.jpg", "a.jpg")
    assert len(given.reveals) == 2
    assert as_wished([given], FileWishes())[0].data == given.data
    (made,) = as_wished([given], FileWishes(convert=True))
    read = Image.open(io.BytesIO(made.data))
    assert (dict(read.getexif()), made.reveals) == ({}, ())
    assert read.size == (40, 60), "it stands upright"
    assert "lost: the metadata" in str(made.changed)


def test_what_other_types_lose_is_said() -> None:
    frames = [Image.new("RGB", (20, 10), color) for color in ("red", "blue")]
    moving = written(frames[0], "GIF", save_all=True, append_images=frames[1:])
    glass = written(Image.new("RGBA", (20, 10), (0, 0, 255, 0)), "WEBP", lossless=True)
    for data, kind, lost in ((moving, "gif", "all frames but the first"), (glass, "webp", "transparent")):
        made = as_common_types(attachment_of(data, f"a.{kind}", "a"))
        assert [one.media_type for one in made[:2]] == ["image/png", "image/jpeg"]
        assert lost in str(made[1].changed)
    assert Image.open(io.BytesIO(made[1].data)).getpixel((1, 1)) == (255, 255, 255)


def test_a_bomb_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImageError, match="more than are decoded here"):
        made_smaller(Attachment("image", "image/png", "bomb.png", png(12_000, 9_000, body=False)))
    with pytest.raises(ImageError, match="cannot be decoded"):
        made_smaller(Attachment("image", "image/png", "cut.png", png(3000, 3000)[:200]))
    said: list[str] = []
    cut = attachment_of(png(3000, 3000)[:200], "cut.png", "cut.png")
    assert as_wished([cut], FileWishes(), said.append)[0].data == cut.data
    assert "cut.png is not brought to 2,000 pixels a side: it goes as it is (it cannot be decoded" in said[0]
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    monkeypatch.setitem(__import__("sys").modules, "PIL.Image", None)
    large = attachment_of(png(3000, 30), "large.png", "large.png")
    assert as_wished([large], FileWishes(), said.append)[0].data == large.data
    assert images.INSTALL in said[1]
