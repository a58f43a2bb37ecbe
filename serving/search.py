"""Answering "where else was this person seen?" over the ports: no HTTP, no Ray."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np

from serving.collect import collect
from serving.pool import BlockingPool
from serving.queries import Answer, Box, Known, PictureQuery, SearchOptions
from serving.rerank import rerank_matches
from sightline.errors import InputError, NotFoundError, SpaceMismatchError
from sightline.geometry import box_areas, clip_boxes, xywh_to_xyxy, xyxy_to_xywh
from sightline.ports import Gallery
from sightline.spec import EmbeddingSpace
from sightline.stages.ladder import Ask, ask_plainly
from sightline.stages.perception import DENSE, POSE, Appearance, Perception
from sightline.types import Detections, Float32Array, Match, UInt8Array

MAX_PEOPLE = 100
"""As many people of a query's picture are told of, the largest; a detector finds no more."""

Observe = Callable[[str, float], None]
"""Hears a step's name (decode, detect, embed, gallery, rerank) and its seconds."""


class NobodyFound(InputError):
    """The detector sees no person in the query's picture."""


class SearchService:
    """Questions to one gallery, which holds one embedding space. Calls may run concurrently."""

    def __init__(
        self,
        perception: Perception,
        gallery: Gallery,
        *,
        space: EmbeddingSpace,
        pool: BlockingPool,
        min_person_score: float,
        rerank_top: int,
        ask: Ask = ask_plainly,
        observe: Observe = lambda _step, _seconds: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """What a question may cost.

        Args:
            perception: embeds the query's picture.
            gallery: the sightings.
            space: the gallery's embedding space.
            pool: for blocking calls.
            min_person_score: fainter detections in a query's picture are not people worth asking about.
            rerank_top: how many of the best matches re-ranking orders anew; at least ``k``.
            ask: how the stages that a question can go without are asked.
            observe: hears how long each step took.
            monotonic: seconds.
        """
        self._perception = perception
        self._min_person_score = min_person_score
        self._rerank_top = rerank_top
        self._ask = ask
        self._gallery = gallery
        self._pool = pool
        self._observe = observe
        self._monotonic = monotonic
        self.space = space

    async def by_picture(self, query: PictureQuery, options: SearchOptions) -> Answer:
        """Find the person in a picture elsewhere.

        Raises:
            NobodyFound: no box was given and the detector sees nobody.
            InputError: the box lies outside the picture.
            ServiceUnavailable: a model or the gallery cannot answer now.
        """
        height, width = query.image.shape[:2]
        people = None
        if query.box_xywh is None and not query.whole:
            with self._timed("detect"):
                people = await self._find(query.image)
        box_xyxy = _person_box(query, people)
        with self._timed("embed"):
            looks = await self._perception.describe(query.image, box_xyxy[None], ask=self._ask)
        matches, complete = await self._matches(looks.embeddings.vectors[0], looks.embeddings.space, options)
        x, y, w, h = (float(value) for value in xyxy_to_xywh(box_xyxy))
        box, picture = (x, y, w, h), (width, height)
        known, without = self._known(looks), self._without(looks)
        return Answer(self.space.name, matches, complete, box, people, picture, known, without)

    async def by_sighting(self, sighting_id: str, options: SearchOptions) -> Answer:
        """Find the person of a sighting elsewhere; that sighting itself is not among the matches.

        Raises:
            NotFoundError: there is no such sighting.
            ServiceUnavailable: the gallery cannot answer now.
        """
        found = await self._pool.run(self._gallery.get, [sighting_id])
        if not found:
            raise NotFoundError(f"there is no sighting {sighting_id}; it may have been removed")
        [asked] = found
        matches, complete = await self._matches(asked.embedding, asked.space, options, without=sighting_id)
        return Answer(self.space.name, matches, complete, known=Known(asked.attributes, asked.visibility))

    async def by_vector(self, vector: Float32Array, space: str, options: SearchOptions) -> Answer:
        """Find what is near ``vector`` float32 (D,), of any length but zero.

        Raises:
            SpaceMismatchError: ``space`` is not the gallery's.
            InputError: the vector has another dimension, or no direction.
            ServiceUnavailable: the gallery cannot answer now.
        """
        if space != self.space.name:
            raise SpaceMismatchError(expected=self.space.name, actual=space)
        if vector.shape != (self.space.dimension,):
            raise InputError(f"embedding: expected {self.space.dimension} numbers, got {vector.size}")
        norm = float(np.linalg.norm(vector.astype(np.float64)))
        if not np.isfinite(norm) or norm == 0:
            raise InputError("embedding: expected finite numbers that are not all zero")
        matches, complete = await self._matches((vector / norm).astype(np.float32), space, options)
        return Answer(self.space.name, matches, complete)

    def _known(self, looks: Appearance) -> Known:
        probabilities = zip(self._perception.attributes, looks.embeddings.attributes[0], strict=False)
        visibility = None if looks.visibility is None else looks.visibility[0]
        return Known({name: float(probability) for name, probability in probabilities}, visibility)

    def _without(self, looks: Appearance) -> tuple[str, ...]:
        pose = self._perception.has_pose and looks.keypoints is None
        dense = self._perception.has_dense and looks.visibility is None
        return tuple(stage for stage, missing in ((POSE, pose), (DENSE, dense)) if missing)

    async def _find(self, image: UInt8Array) -> Detections:
        """Everybody in the picture, largest first."""
        canvas = await self._pool.run(self._perception.canvas, image)
        found = await self._perception.detect(canvas)
        areas = box_areas(found.boxes_xyxy)
        order = np.argsort(-areas, kind="stable")
        order = order[(found.scores[order] >= self._min_person_score) & (areas[order] > 0)][:MAX_PEOPLE]
        return Detections(found.boxes_xyxy[order], found.scores[order])

    async def _matches(
        self, vector: Float32Array, space: str, options: SearchOptions, *, without: str | None = None
    ) -> tuple[list[Match], bool]:
        if space != self.space.name:
            raise SpaceMismatchError(expected=self.space.name, actual=space)
        wanted = max(options.k, self._rerank_top) if options.rerank else options.k
        with self._timed("gallery"):
            matches, complete = await self._pool.run(self._collect, vector, options, wanted, without)
        if options.rerank:
            with self._timed("rerank"):
                matches = await self._pool.run(rerank_matches, vector, matches)
        return matches[: options.k], complete or len(matches) >= options.k

    def _collect(
        self, vector: Float32Array, options: SearchOptions, wanted: int, without: str | None
    ) -> tuple[list[Match], bool]:
        # One more than wanted where one will be dropped; four a track, since a track is sampled a few times.
        by_track = options.group_by == "track"
        return collect(
            partial(self._nearest, vector, options),
            wanted,
            keep=lambda match: match.sighting.sighting_id != without,
            key=_track if by_track else _identity,
            first_fetch=wanted * (4 if by_track else 1) + (without is not None),
        )

    def _nearest(self, vector: Float32Array, options: SearchOptions, fetch: int) -> list[Match]:
        (found,) = self._gallery.search(vector[None], k=fetch, where=options.where, min_score=options.min_score)
        return found

    @contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        started = self._monotonic()
        yield
        self._observe(step, self._monotonic() - started)


def _person_box(query: PictureQuery, people: Detections | None) -> Float32Array:
    """The query's person as float32 (4,) xyxy within the picture."""
    height, width = query.image.shape[:2]
    if query.box_xywh is not None:
        return _inside(query.box_xywh, (width, height))
    if people is None:
        return np.array([0, 0, width, height], np.float32)
    if not len(people):
        raise NobodyFound("nobody was found in the picture: give box=x,y,w,h, or crop=true if it shows one person already")
    largest: Float32Array = people.boxes_xyxy[0]
    return largest


def _inside(box_xywh: Box, picture_wh: tuple[int, int]) -> Float32Array:
    boxes = clip_boxes(xywh_to_xyxy(np.array([box_xywh], np.float32)), picture_wh)
    if box_areas(boxes)[0] <= 0:
        width, height = picture_wh
        raise InputError(f"box: lies outside the picture, which is {width}x{height} pixels (after EXIF rotation)")
    first: Float32Array = boxes[0]
    return first


def _track(match: Match) -> str:
    return match.sighting.track


def _identity(match: Match) -> str:
    return match.sighting.sighting_id
