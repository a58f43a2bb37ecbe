"""What a user says of a net on the command line, made into a recipe."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from sightline.errors import ConfigurationError
from sightline.models.importer.detections import Suppression
from sightline.models.importer.pixels import CHANNELS, Colour, Layout, Pixels, Triple
from sightline.models.importer.recipe import CropChoice, Fit, Interpolation, Kind, Recipe, recipe_for
from sightline.models.importer.recognising import recognise
from sightline.models.importer.source import read_source
from sightline.models.importer.yolox import YoloxHead
from sightline.spec import ModelKind


@dataclass(frozen=True, slots=True)
class RecipeOptions:
    """The options as typed; None or empty = not said."""

    colour: Colour | None = None
    scale: float | None = None
    mean: str | None = None
    std: str | None = None
    layout: Layout | None = None
    input_size: str | None = None
    crop_expand: float | None = None
    crop_fit: Fit | None = None
    crop_interpolation: Interpolation | None = None
    outputs: tuple[str, ...] = ()
    nms_iou: float | None = None
    min_score: float | None = None
    person_class: int | None = None
    decoded: bool = False
    joints: str | None = None
    attributes: str | None = None
    terms: str = ""


def make_recipe(file: Path, kind: Kind | None, role: ModelKind | None, options: RecipeOptions) -> Recipe:
    """The recipe of the net's kind (recognised from the file if not said) with what the user said put over it.

    Raises:
        ConfigurationError: an option cannot be read, or kind and role do not go together.
        ModelError: the file cannot be opened, or its kind is not recognised.
    """
    if kind is None:
        kind = recognise(read_source(file)) if role is None else "onnx"
    recipe = recipe_for(kind, role)
    return replace(
        recipe,
        pixels=_pixels(recipe.pixels, options),
        yolox=_yolox(options),
        suppression=None if options.nms_iou is None else _suppression(options),
        crop=_crop(recipe.crop, options),
        outputs=dict(_pair(item) for item in options.outputs),
        joints=_names(options.joints),
        attributes=_names(options.attributes),
        terms=options.terms,
    )


def _pixels(usual: Pixels, options: RecipeOptions) -> Pixels:
    return Pixels(
        colour=options.colour or usual.colour,
        scale=usual.scale if options.scale is None else options.scale,
        mean=usual.mean if options.mean is None else _triple("--mean", options.mean),
        std=usual.std if options.std is None else _nonzero(_triple("--std", options.std)),
        layout=options.layout or usual.layout,
        size_hw=None if options.input_size is None else _size(options.input_size),
    )


def _yolox(options: RecipeOptions) -> YoloxHead:
    return YoloxHead(decoded=options.decoded, person_class=options.person_class or 0, suppression=_suppression(options))


def _suppression(options: RecipeOptions) -> Suppression:
    usual = Suppression()
    iou = usual.iou if options.nms_iou is None else _part("--nms-iou", options.nms_iou)
    min_score = usual.min_score if options.min_score is None else _part("--min-score", options.min_score)
    return Suppression(iou=iou, min_score=min_score)


def _crop(usual: CropChoice, options: RecipeOptions) -> CropChoice:
    return CropChoice(
        expand=usual.expand if options.crop_expand is None else _part("--crop-expand", options.crop_expand),
        fit=options.crop_fit or usual.fit,
        interpolation=options.crop_interpolation or usual.interpolation,
    )


def _part(option: str, value: float) -> float:
    if not 0 <= value <= 1:
        raise ConfigurationError(f"{option}: expected a number from 0 to 1, got {value}")
    return value


def _triple(option: str, text: str) -> Triple:
    try:
        values = [float(value) for value in text.split(",")]
    except ValueError as error:
        raise ConfigurationError(f"{option}: expected three numbers like 0.485,0.456,0.406, got {text!r}") from error
    if len(values) == 1:
        values *= CHANNELS
    if len(values) != CHANNELS:
        raise ConfigurationError(f"{option}: expected one number or three like 0.485,0.456,0.406, got {text!r}")
    return values[0], values[1], values[2]


def _nonzero(values: Triple) -> Triple:
    if 0 in values:
        raise ConfigurationError("--std: expected no zero: pixels are divided by it")
    return values


def _size(text: str) -> tuple[int, int]:
    height, _, width = text.lower().partition("x")
    if not (height.isdecimal() and width.isdecimal() and int(height) and int(width)):
        raise ConfigurationError(f"--input-size: expected HEIGHTxWIDTH like 256x128, got {text!r}")
    return int(height), int(width)


def _pair(text: str) -> tuple[str, str]:
    contract, _, name = text.partition("=")
    if not contract or not name:
        raise ConfigurationError(f"--output: expected CONTRACT=NAME like embedding=features, got {text!r}")
    return contract, name


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",")) if text else ()
