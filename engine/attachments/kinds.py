"""What a file is, by its first bytes. Pure."""

from __future__ import annotations

from .attachment import FileKind

Recognised = tuple[FileKind, str]
"""A kind and a media type."""

_MAGIC: tuple[tuple[int, bytes, FileKind, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image", "image/png"),
    (0, b"\xff\xd8\xff", "image", "image/jpeg"),
    (0, b"GIF87a", "image", "image/gif"),
    (0, b"GIF89a", "image", "image/gif"),
    (0, b"II*\x00", "image", "image/tiff"),
    (0, b"MM\x00*", "image", "image/tiff"),
    (0, b"fLaC", "audio", "audio/flac"),
    (0, b"OggS", "audio", "audio/ogg"),
    (0, b"ID3", "audio", "audio/mpeg"),
    (0, b"\x1a\x45\xdf\xa3", "video", "video/webm"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "document", "application/msword"),
    (8, b"WEBP", "image", "image/webp"),
    (8, b"WAVE", "audio", "audio/wav"),
    (8, b"AVI ", "video", "video/x-msvideo"),
)

_BRANDS: dict[bytes, Recognised] = {
    b"heic": ("image", "image/heic"), b"heix": ("image", "image/heic"), b"mif1": ("image", "image/heif"),
    b"heif": ("image", "image/heif"), b"avif": ("image", "image/avif"), b"M4A ": ("audio", "audio/mp4"),
    b"qt  ": ("video", "video/quicktime"),
}  # fmt: skip

_OFFICE = {
    b"word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    b"xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    b"ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}

_ENDINGS: dict[str, Recognised] = {
    "png": ("image", "image/png"), "jpg": ("image", "image/jpeg"), "jpeg": ("image", "image/jpeg"),
    "gif": ("image", "image/gif"), "webp": ("image", "image/webp"), "heic": ("image", "image/heic"),
    "heif": ("image", "image/heif"), "bmp": ("image", "image/bmp"), "tif": ("image", "image/tiff"),
    "tiff": ("image", "image/tiff"), "avif": ("image", "image/avif"), "pdf": ("pdf", "application/pdf"),
    "wav": ("audio", "audio/wav"), "mp3": ("audio", "audio/mpeg"), "flac": ("audio", "audio/flac"),
    "ogg": ("audio", "audio/ogg"), "m4a": ("audio", "audio/mp4"), "mp4": ("video", "video/mp4"),
    "mov": ("video", "video/quicktime"), "webm": ("video", "video/webm"),
    "docx": ("document", _OFFICE[b"word/"]), "xlsx": ("document", _OFFICE[b"xl/"]),
    "pptx": ("document", _OFFICE[b"ppt/"]), "doc": ("document", "application/msword"),
    "xls": ("document", "application/vnd.ms-excel"),
}  # fmt: skip


_HEAD = 4096


def recognise(data: bytes) -> Recognised | None:
    """What the bytes are; None for what is neither a known format nor text."""
    head = data[:_HEAD]
    for at, magic, kind, media_type in _MAGIC:
        if head.startswith(magic, at) and (at == 0 or head.startswith(b"RIFF")):
            return kind, media_type
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], ("video", "video/mp4"))
    if b"%PDF-" in head[:1024]:
        return "pdf", "application/pdf"
    if head.startswith(b"PK\x03\x04"):
        return next((("document", name) for folder, name in _OFFICE.items() if folder in data), None)
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2:
        return "audio", "audio/mpeg"
    if head.startswith(b"BM") and len(head) > 26 and head[14] in (12, 40, 108, 124):
        return "image", "image/bmp"
    return ("text", "text/plain") if is_text(data) else None


def is_text(data: bytes) -> bool:
    """Whether it is UTF-8 without a zero byte."""
    if b"\x00" in data:
        return False
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def named(name: str) -> Recognised | None:
    """What the ending of a name says that it is; None for one that says nothing, or text."""
    return _ENDINGS.get(name.rpartition(".")[2].lower())
