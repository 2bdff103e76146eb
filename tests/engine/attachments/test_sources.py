"""What a file is taken for, and what is not taken at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.files_made import exif_with_place, jpeg, pdf, png, wav
from thinkdial.engine.attachments import sources
from thinkdial.engine.attachments.sources import FileSources, attachment_of, read_attachments
from thinkdial.providers.errors import UsageError

from ...cases import each


@each(
    "name, data, kind, media_type, measures",
    [
        ("a.png", png(64, 48), "image", "image/png", {"width": 64, "height": 48}),
        ("a.jpg", jpeg(100, 50), "image", "image/jpeg", {"width": 100, "height": 50}),
        ("a.gif", b"GIF89a\x0a\x00\x05\x00" + b"\0" * 20, "image", "image/gif", {"width": 10, "height": 5}),
        ("a.pdf", pdf(3), "pdf", "application/pdf", {"pages": 3}),
        ("packed.pdf", pdf(3, more=b"/Type /ObjStm"), "pdf", "application/pdf", {}),
        ("a.wav", wav(2.5), "audio", "audio/wav", {"seconds": 2.5}),
        ("a.mp3", b"ID3\x04" + b"\0" * 50, "audio", "audio/mpeg", {}),
        ("notes.md", "# Größe".encode(), "text", "text/plain", {}),
    ],
)  # fmt: skip
def test_the_bytes_say_what_a_file_is(name: str, data: bytes, kind: str, media_type: str, measures: dict) -> None:
    found = attachment_of(data, name, name)
    assert (found.kind, found.media_type, dict(found.measures)) == (kind, media_type, measures)


@each(
    "name, data, words",
    [
        ("empty.png", b"", "is empty: 0 bytes"),
        ("page.png", b"<html>no image</html>", "claims to be of kind image and holds text"),
        ("a.pdf", png(), "named like application/pdf and holds image/png"),
        ("blob.bin", b"\x00\x01\x02\x03" * 9, "in no format that is known"),
        ("bomb.png", png(60_000, 60_000, body=False), "60,000 x 60,000 pixels"),
        ("flat.png", png(0, 10, body=False), "damaged"),
        ("secret.pdf", pdf(1, more=b"/Encrypt 9 0 R"), "is encrypted"),
    ],
)
def test_a_file_that_lies_is_refused(name: str, data: bytes, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        attachment_of(data, name, name)
    assert words in caught.value.message


def test_a_kind_in_front_overrides_what_a_name_claims_but_not_the_bytes(tmp_path: Path) -> None:
    page, image = tmp_path / "page.png", tmp_path / "chart.pdf"
    page.write_bytes(b"<svg/>")
    image.write_bytes(png())
    text, picture = read_attachments([f"text:{page}", f"image:{image}"], FileSources())
    assert (text.kind, picture.kind) == ("text", "image")
    with pytest.raises(UsageError, match="is of kind image"):
        read_attachments([f"audio:{image}"], FileSources())


def test_a_file_is_read_up_to_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    huge = tmp_path / "huge.png"
    with huge.open("wb") as file:
        file.write(png())
        file.truncate(500 * 2**20)  # holes, which take no room
    with pytest.raises(UsageError, match="larger than 64 MiB"):
        read_attachments([str(huge)], FileSources())


def test_rows_name_files_below_their_folder_alone(tmp_path: Path) -> None:
    (tmp_path / "rows").mkdir()
    (tmp_path / "outside.png").write_bytes(png())
    (tmp_path / "rows" / "link.png").symlink_to(tmp_path / "outside.png")
    for name in ("../outside.png", str(tmp_path / "outside.png"), "link.png"):
        with pytest.raises(UsageError, match="does not lie below"):
            read_attachments([name], FileSources(below=tmp_path / "rows"))


def test_place_and_device_in_the_metadata_are_told() -> None:
    told: list[str] = []
    found = attachment_of(jpeg(exif=exif_with_place()), "a.jpg", "a.jpg")
    assert found.reveals == ("the place where it was taken", "the device (Pocket 9)")
    assert attachment_of(jpeg(), "a.jpg", "a.jpg", note=told.append).reveals == ()


def test_an_image_under_the_name_of_another_format_is_sent_as_what_it_is() -> None:
    told: list[str] = []
    found = attachment_of(jpeg(), "a.png", "a.png", note=told.append)
    assert found.media_type == "image/jpeg"
    assert told == ["a.png is image/jpeg, whatever its name says, and is sent as that"]


def test_an_address_is_kept_without_its_query() -> None:
    (found,) = read_attachments(["https://example.org/a.png?token=secret"], FileSources(is_remote=True))
    piece = found.piece()
    assert piece.native["url"] == "https://example.org/a.png"
    assert "secret" not in str(piece.document())
    with pytest.raises(UsageError, match="user name"):
        read_attachments(["https://me:pw@example.org/a.png"], FileSources(is_remote=True))


def test_the_bound_on_pixels_is_above_what_providers_take() -> None:
    assert sources.MOST_PIXELS > 100_000_000
