"""Milvus' filter expressions. Texts are quoted with the escapes that both servers know; none is pasted in raw."""

from __future__ import annotations

from collections.abc import Sequence

from sightline.adapters.milvus.rows import CAMERA_BYTES, INT64_MAX, VALUES, fits
from sightline.errors import InputError
from sightline.types import SightingFilter

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t"})
"""All that must be escaped within double quotes; Lite knows no others."""


def where_expression(where: SightingFilter) -> str:
    """The expression of a filter; "" where it does not restrict.

    Raises:
        InputError: a camera's id, or an attribute, that no sighting can have.
    """
    parts = []
    if where.cameras:
        parts.append(f"camera in {_list(where.cameras)}")
    if where.start_us is not None:
        parts.append(since_expression(where.start_us))
    if where.end_us is not None:
        parts.append(before_expression(where.end_us))
    parts += [f'details["{VALUES}"][{_quoted(name)}] == {_quoted(value)}' for name, value in where.attributes]
    return " and ".join(parts)


def ids_expression(sighting_ids: Sequence[str]) -> str:
    """The expression that picks these ids; they must fit their column."""
    return f"sighting_id in {_list(sighting_ids)}"


def since_expression(time_us: int) -> str:
    """Captured at ``time_us`` or later."""
    return f"captured_at_us >= {_int64(time_us)}"


def before_expression(time_us: int) -> str:
    """Captured before ``time_us``."""
    return f"captured_at_us < {_int64(time_us)}"


def at_or_before_expression(captured_at_us: int, sighting_id: str) -> str:
    """What comes no later than this sighting in the order newest first, ties by id."""
    time = _int64(captured_at_us)
    return f"(captured_at_us > {time} or (captured_at_us == {time} and sighting_id <= {_quoted(sighting_id)}))"


def _list(texts: Sequence[str]) -> str:
    return f"[{','.join(_quoted(text) for text in texts)}]"


def _quoted(text: str) -> str:
    if not fits(text, CAMERA_BYTES):
        raise InputError(f"expected UTF-8 text of at most {CAMERA_BYTES} bytes, got {text[:80]!r}")
    return f'"{text.translate(_ESCAPES)}"'


def _int64(value: int) -> int:
    """Within what the servers can parse: -2**63 is not, as they read the sign last."""
    return max(-INT64_MAX, min(INT64_MAX, value))
