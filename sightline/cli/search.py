"""``sightline search``: where else was the person in a picture seen?"""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sightline.cli.console import stderr, stdout

if TYPE_CHECKING:
    from rich.table import Table

    from sightline.cli.questions_client import QuestionsClient

_BOX = re.compile(r"-?\d+(\.\d+)?(,-?\d+(\.\d+)?){3}")
_SHEET_SUFFIXES = (".jpg", ".jpeg", ".png")


class GroupBy(StrEnum):
    """How matches are grouped."""

    NONE = "none"
    TRACK = "track"


def _time(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone().isoformat()
    except (ValueError, OverflowError) as error:
        raise typer.BadParameter(f"expected a time such as 2026-11-21T08:00:00Z, got {text!r}") from error


def _box(text: str | None) -> str | None:
    if text is not None and not _BOX.fullmatch(text.replace(" ", "")):
        raise typer.BadParameter(f"expected x,y,w,h in pixels, got {text!r}")
    return text


def _sheet(path: Path | None) -> Path | None:
    if path is not None and path.suffix.lower() not in _SHEET_SUFFIXES:
        raise typer.BadParameter(f"expected a name that ends in {', '.join(_SHEET_SUFFIXES)}, got {path.name!r}")
    return path


def search(
    image: Annotated[Path, typer.Argument(help="JPEG, PNG or WebP.", exists=True, dir_okay=False, readable=True)],
    *,
    camera: Annotated[list[str] | None, typer.Option(help="Only this camera; repeat it for several.")] = None,
    start: Annotated[str | None, typer.Option(callback=_time, help="Seen at or after; without a zone: local time.")] = None,
    end: Annotated[str | None, typer.Option(callback=_time, help="Seen before.")] = None,
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="How many matches.")] = 20,
    min_score: Annotated[float | None, typer.Option(min=-1, max=1, help="Least cosine.")] = None,
    group_by: Annotated[GroupBy, typer.Option(help="track = the best match of each track.")] = GroupBy.NONE,
    rerank: Annotated[bool, typer.Option("--rerank", help="Order the best matches by the neighbours that they share.")] = False,
    box: Annotated[str | None, typer.Option(callback=_box, help="x,y,w,h of the person. Unset: the largest found.")] = None,
    crop: Annotated[bool, typer.Option("--crop", help="The picture shows one person already.")] = False,
    sheet: Annotated[Path | None, typer.Option(callback=_sheet, help="Write the matches as one picture here.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Look for the person in a picture among all that the cameras saw.

    Examples:

    - `sightline search person.jpg --crop`
    - `sightline search room.jpg --box 120,40,80,210 --camera hall --camera entrance`
    - `sightline search room.jpg --start 2026-11-21T08:00 -k 50 --group-by track --sheet matches.jpg`
    - `sightline search person.jpg --crop --rerank -k 50`
    - `sightline search room.jpg --json | jq '.matches[0]'`
    """
    if crop and box is not None:
        raise typer.BadParameter("--crop and --box: give one of them")
    import json

    from sightline.cli.questions_client import QuestionsClient
    from sightline.settings import load_settings

    given = {"camera": camera, "start": start, "end": end, "min_score": min_score, "box": box}
    fields: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    fields.update({"k": str(k), "group_by": group_by.value, "crop": str(crop).lower(), "rerank": str(rerank).lower()})
    picture = image.read_bytes()
    with QuestionsClient(load_settings()) as client:
        answer = client.search(picture, fields)
        if sheet is not None:
            _write_sheet(client, picture, answer, sheet)
    if as_json:
        typer.echo(json.dumps(answer, indent=2))
        return
    if answer["matches"]:
        stdout.print(_table(answer))
    else:
        stdout.print("No match. Lower --min-score, or widen --camera, --start and --end.")
    if sheet is not None:
        stderr.print(f"Wrote {sheet}", highlight=False)


def _table(answer: dict[str, Any]) -> Table:
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    reranked = any(match.get("rerank_distance") is not None for match in answer["matches"])
    for name in ("#", "score", *(["re-ranked"] if reranked else [])):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("camera", "time"):
        table.add_column(name, no_wrap=True)
    table.add_column("sighting", overflow="fold")
    for rank, match in enumerate(answer["matches"], start=1):
        figures = [f"{match['score']:.3f}", *([f"{match['rerank_distance']:.3f}"] if reranked else [])]
        table.add_row(str(rank), *figures, match["camera"], _local(match["time"]), match["sighting_id"])
    return table


def _local(time: str) -> str:
    return datetime.fromisoformat(time).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")


def _write_sheet(client: QuestionsClient, picture: bytes, answer: dict[str, Any], path: Path) -> None:
    import numpy as np
    from PIL import Image

    from sightline.contact_sheet import Tile, contact_sheet
    from sightline.decoding import ImageLimits, decode_image
    from sightline.errors import NotFoundError
    from sightline.geometry import integer_box, xywh_to_xyxy
    from sightline.settings import StreamSettings

    limits = ImageLimits.from_settings(StreamSettings(max_image_bytes=max(1, len(picture))))

    def tile(match: dict[str, Any]) -> Tile:
        lines = (match["camera"], _local(match["time"]), f"score {match['score']:.3f}")
        try:
            return Tile(decode_image(client.crop(match["crop_url"]), limits=limits) if match["crop_url"] else None, lines)
        except NotFoundError:  # erased or past its retention since the match was found
            return Tile(None, lines)

    image = decode_image(picture, limits=limits)
    box = xywh_to_xyxy(np.array(answer["query"]["box"], np.float32))
    left, top, right, bottom = integer_box(box, (image.shape[1], image.shape[0]))
    query = Tile(image[top:bottom, left:right], ("query", f"{len(answer['matches'])} matches"))
    Image.fromarray(contact_sheet(query, [tile(match) for match in answer["matches"]])).save(path)
