"""The collection of one embedding space: made where it is missing, loaded, and named by an alias where none is live.

Every step can be repeated, so a process that died half-way, or two that start at once, leave nothing broken.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import TypeVar

from pymilvus import CollectionSchema, DataType, MilvusClient, MilvusException
from pymilvus.client.types import LoadState

from sightline.adapters.milvus.client import ABSENT, milvus_errors_mapped
from sightline.adapters.milvus.rows import CAMERA_BYTES, ID_BYTES, TRACK_BYTES
from sightline.errors import InputError, SpaceMismatchError
from sightline.settings import MilvusSettings

Answer = TypeVar("Answer")

MIN_DIMENSION, MAX_DIMENSION = 2, 32_768
"""What Milvus can index."""

_LEGAL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")

_INDEX = {"index_type": "HNSW", "metric_type": "COSINE", "params": {"M": 16, "efConstruction": 200}}
"""For Lite and the standalone server alike; benchmarks/search_latency.py measures both."""


def collection_name(prefix: str, space: str) -> str:
    """The collection of an embedding space.

    Raises:
        InputError: Milvus cannot name a collection so.
    """
    name = f"{prefix}_{space}"
    if not space or not _LEGAL_NAME.fullmatch(name):
        raise InputError(f"expected an embedding space of letters, digits and _, got {space[:80]!r}")
    return name


class Collection:
    """One space's collection and the connection to it. A call that finds it missing makes it anew, once.

    Args:
        client: from :func:`sightline.adapters.milvus.client.connect`.
        settings: ``collection_prefix`` is also the alias of the live collection.
        space: name of the embedding space.
        dimension: D of its vectors.

    Raises:
        InputError: no collection can have that name or dimension.
    """

    def __init__(self, client: MilvusClient, settings: MilvusSettings, *, space: str, dimension: int) -> None:
        if not MIN_DIMENSION <= dimension <= MAX_DIMENSION:
            raise InputError(f"{space}: expected {MIN_DIMENSION} to {MAX_DIMENSION} dimensions, got {dimension}")
        self.name = collection_name(settings.collection_prefix, space)
        self.client = client
        self._alias = settings.collection_prefix
        self._timeout_s = settings.timeout_s
        self._space = space
        self._dimension = dimension
        self._making = threading.Lock()

    def call(self, doing: str, operation: Callable[[MilvusClient], Answer]) -> Answer:
        """Run ``operation``; where the collection was dropped or unloaded, bring it back and run it again.

        Raises:
            ServiceUnavailable, InputError: see :func:`milvus_errors_mapped`.
            SpaceMismatchError: the collection there has another dimension.
        """
        with milvus_errors_mapped(f"{doing} ({self.name})"):
            try:
                return operation(self.client)
            except MilvusException as error:
                if error.code not in ABSENT:
                    raise
            # Nothing was kept by a call that found no collection, so repeating it is safe even for an insert.
            self._make()
            return operation(self.client)

    def open(self) -> None:
        """Make what is missing and load it. Raises as :meth:`call`."""
        with milvus_errors_mapped(f"opening {self.name}"):
            self._make()

    def _make(self) -> None:
        with self._making:
            self._make_collection()
            self._check_dimension()
            self._make_index()
            if self.client.get_load_state(self.name)["state"] != LoadState.Loaded:
                # A server that was killed loads for half a minute; pymilvus would wait for ever.
                self.client.load_collection(self.name, timeout=self._timeout_s)
            self._make_alias()

    def _make_collection(self) -> None:
        if self.client.has_collection(self.name):
            return
        try:
            self.client.create_collection(self.name, schema=_schema(self._dimension), consistency_level="Bounded")
        except MilvusException:
            if not self.client.has_collection(self.name):  # else another process was quicker
                raise

    def _check_dimension(self) -> None:
        fields = self.client.describe_collection(self.name)["fields"]
        there = next(int(field["params"]["dim"]) for field in fields if field["name"] == "embedding")
        if there != self._dimension:
            expected, actual = (f"{self._space} ({n} dimensions)" for n in (there, self._dimension))
            raise SpaceMismatchError(expected=expected, actual=actual)

    def _make_index(self) -> None:
        if self.client.list_indexes(self.name):
            return
        index = self.client.prepare_index_params()
        index.add_index("embedding", index_name="embedding", **_INDEX)
        self.client.create_index(self.name, index, timeout=self._timeout_s)

    def _make_alias(self) -> None:
        """Name this collection live if none is. Another live one stays: to move the alias is a promotion, made on purpose."""
        if alias_target(self.client, self._alias) is not None:
            return
        try:
            self.client.create_alias(self.name, self._alias)
        except MilvusException:
            if alias_target(self.client, self._alias) is None:
                # 2.3 hides the alias of a dropped collection, yet refuses to make it again.
                self.client.alter_alias(self.name, self._alias)


def move_alias(client: MilvusClient, alias: str, name: str) -> None:
    """Let ``alias`` name this collection, at once for whoever asks by it; repeating it is harmless."""
    there = alias_target(client, alias)
    if there is None:
        client.create_alias(name, alias)
    elif there != name:
        client.alter_alias(name, alias)


def alias_target(client: MilvusClient, alias: str) -> str | None:
    """The collection that ``alias`` names; None where there is no such alias."""
    try:
        return str(client.describe_alias(alias)["collection_name"])
    except MilvusException as error:
        if error.code in {100, 1600}:
            return None
        raise


def _schema(dimension: int) -> CollectionSchema:
    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("sighting_id", DataType.VARCHAR, is_primary=True, max_length=ID_BYTES)
    schema.add_field("embedding", DataType.FLOAT_VECTOR, dim=dimension)
    schema.add_field("camera", DataType.VARCHAR, max_length=CAMERA_BYTES)
    schema.add_field("captured_at_us", DataType.INT64)
    schema.add_field("track", DataType.VARCHAR, max_length=TRACK_BYTES)
    schema.add_field("attributes", DataType.JSON)
    schema.add_field("details", DataType.JSON)
    return schema
