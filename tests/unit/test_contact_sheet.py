"""The contact sheet of a query and its matches."""

from __future__ import annotations

import numpy as np
import pytest

from sightline.contact_sheet import COLUMNS, TILE_WH, Tile, contact_sheet

QUERY = Tile(np.full((20, 10, 3), (250, 0, 0), np.uint8), ("query",))


def match(colour: tuple[int, int, int], size_hw: tuple[int, int] = (40, 20)) -> Tile:
    return Tile(np.full((*size_hw, 3), colour, np.uint8), ("hall", "2026-11-21 08:00:00 CET", "score 0.912"))


def has_colour(sheet: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool((np.abs(sheet.astype(int) - colour).max(axis=2) < 3).any())


def test_no_match_still_shows_the_query() -> None:
    sheet = contact_sheet(QUERY, [])

    assert sheet.dtype == np.uint8
    assert has_colour(sheet, (250, 0, 0))


@pytest.mark.parametrize(("count", "rows"), [(1, 1), (COLUMNS, 1), (COLUMNS + 1, 2), (3 * COLUMNS, 3)])
def test_matches_fill_rows(count: int, rows: int) -> None:
    sheet = contact_sheet(QUERY, [match((0, 200, 0))] * count)

    assert sheet.shape[0] // TILE_WH[1] == rows
    assert sheet.shape[1] >= (1 + min(count, COLUMNS)) * TILE_WH[0]


@pytest.mark.parametrize("size_hw", [(1, 500), (500, 1), (1, 1), (900, 900)])
def test_pictures_of_any_shape_stay_in_their_tile(size_hw: tuple[int, int]) -> None:
    sheet = contact_sheet(QUERY, [match((0, 200, 0), size_hw), match((0, 0, 220))])

    assert has_colour(sheet, (0, 200, 0))
    rows, columns = np.nonzero(np.abs(sheet.astype(int) - (0, 200, 0)).max(axis=2) < 3)
    assert np.ptp(columns) < TILE_WH[0]
    assert np.ptp(rows) < TILE_WH[1]


def test_a_picture_that_is_gone_and_a_long_name() -> None:
    sheet = contact_sheet(QUERY, [Tile(None, ("a-camera-with-a-name-that-is-far-too-long-for-its-tile" * 3, "", ""))])

    assert sheet.shape[1] < 4 * TILE_WH[0]
