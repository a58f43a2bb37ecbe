"""A contact sheet: one picture of a query and its matches, each with a caption."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from sightline.types import UInt8Array

TILE_WH = (168, 320)
COLUMNS = 6
_GAP, _LINE, _FONT_PX, _BAR = 14, 18, 14, 3
_PAPER, _INK, _SOFT, _BLANK, _ACCENT = "#f6f7f9", "#161a22", "#5b6576", "#dfe3ea", "#2f5bea"


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """A picture with lines of text below it.

    Attributes:
        picture: uint8 RGB (H, W, 3) of any size; None where there is none.
        lines: the caption, the first one in bold ink.
        frame: the colour of a frame round it, ``#rrggbb``; None = none (the query has one of its own).
    """

    picture: UInt8Array | None
    lines: tuple[str, ...]
    frame: str | None = None


def contact_sheet(query: Tile, matches: Sequence[Tile]) -> UInt8Array:
    """The query on the left, the matches in rows of :data:`COLUMNS` beside it; uint8 RGB (H, W, 3)."""
    caption = _LINE * max(len(tile.lines) for tile in (query, *matches)) + _GAP // 2
    step_x, step_y = TILE_WH[0] + _GAP, TILE_WH[1] + caption + _GAP
    rows = max(1, -(-len(matches) // COLUMNS))
    columns = 1 + min(COLUMNS, max(1, len(matches)))
    sheet = Image.new("RGB", (columns * step_x + 2 * _GAP, rows * step_y + _GAP), _PAPER)
    draw = ImageDraw.Draw(sheet)
    _place(sheet, draw, query, (_GAP, _GAP))
    _frame(draw, (_GAP, _GAP), query.frame or _ACCENT)
    for index, tile in enumerate(matches):
        row, column = divmod(index, COLUMNS)
        at_xy = (2 * _GAP + (column + 1) * step_x, _GAP + row * step_y)
        _place(sheet, draw, tile, at_xy)
        if tile.frame is not None:
            _frame(draw, at_xy, tile.frame)
    return np.asarray(sheet, np.uint8)


def _frame(draw: ImageDraw.ImageDraw, at_xy: tuple[int, int], colour: str) -> None:
    x, y = at_xy
    draw.rectangle((x - _BAR, y - _BAR, x + TILE_WH[0] + _BAR - 1, y + TILE_WH[1] + _BAR - 1), outline=colour, width=_BAR)


def _place(sheet: Image.Image, draw: ImageDraw.ImageDraw, tile: Tile, at_xy: tuple[int, int]) -> None:
    x, y = at_xy
    width, height = TILE_WH
    draw.rectangle((x, y, x + width - 1, y + height - 1), fill=_BLANK)
    if tile.picture is not None:
        picture = Image.fromarray(tile.picture)
        scale = min(width / picture.width, height / picture.height)
        fitted = picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))))
        sheet.paste(fitted, (x + (width - fitted.width) // 2, y + (height - fitted.height) // 2))
    font = ImageFont.load_default(_FONT_PX)
    for number, line in enumerate(tile.lines):
        place = (x, y + height + 4 + number * _LINE)
        draw.text(place, _fitting(line, font, width), fill=_INK if number == 0 else _SOFT, font=font)


def _fitting(line: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    """As much of a line as fits, with an ellipsis where it was cut."""
    if font.getlength(line) <= width:
        return line
    while line and font.getlength(line + "…") > width:
        line = line[:-1]
    return line + "…"
