"""What a gallery's owner does with it as a whole: count, list, drop. Not part of the port."""

from __future__ import annotations

from collections.abc import Iterator

from pymilvus import MilvusClient
from pymilvus.client.types import LoadState

from sightline.adapters.milvus.client import connect, milvus_errors_mapped
from sightline.adapters.milvus.collection import alias_target, collection_name, move_alias
from sightline.settings import MilvusSettings

_PAGE = 4096


def count(settings: MilvusSettings, space: str) -> int:
    """Rows in the space's collection, all that were acknowledged; a row kept twice counts twice. 0 where there is none.

    Raises:
        ServiceUnavailable: the server cannot answer now.
    """
    client = connect(settings)
    name = collection_name(settings.collection_prefix, space)
    try:
        with milvus_errors_mapped(f"counting {name}"):
            if not _loaded(client, name, settings.timeout_s):
                return 0
            rows = client.query(name, filter="", output_fields=["count(*)"], consistency_level="Strong")
            return int(rows[0]["count(*)"])
    finally:
        client.close()


def sighting_ids(settings: MilvusSettings, space: str) -> Iterator[str]:
    """Every sighting id of the space's collection, once each. Raises as :func:`count`."""
    client = connect(settings)
    name = collection_name(settings.collection_prefix, space)
    try:
        with milvus_errors_mapped(f"listing {name}"):
            if _loaded(client, name, settings.timeout_s):
                yield from _pages(client, name)
    finally:
        client.close()


def _loaded(client: MilvusClient, name: str, timeout_s: float) -> bool:
    """Whether there is such a collection; loads it where nobody has."""
    if not client.has_collection(name):
        return False
    if client.get_load_state(name)["state"] != LoadState.Loaded:
        client.load_collection(name, timeout=timeout_s)
    return True


def _pages(client: MilvusClient, name: str) -> Iterator[str]:
    pages = client.query_iterator(name, batch_size=_PAGE, output_fields=["sighting_id"], consistency_level="Strong")
    while page := pages.next():
        yield from (str(row["sighting_id"]) for row in page)
    pages.close()


def make_live(settings: MilvusSettings, space: str) -> None:
    """Let the alias, ``milvus.collection_prefix``, name this space's collection. Repeating it is harmless.

    Raises:
        InputError: there is no such collection.
        ServiceUnavailable: the server cannot answer now.
    """
    client = connect(settings)
    name = collection_name(settings.collection_prefix, space)
    try:
        with milvus_errors_mapped(f"making {name} live"):
            move_alias(client, settings.collection_prefix, name)
    finally:
        client.close()


def live_collection(settings: MilvusSettings) -> str | None:
    """The collection that the alias names; None where there is none. Raises ServiceUnavailable."""
    client = connect(settings)
    try:
        with milvus_errors_mapped(f"asking what {settings.collection_prefix} names"):
            return alias_target(client, settings.collection_prefix)
    finally:
        client.close()


def drop(settings: MilvusSettings, space: str) -> None:
    """Remove the space's collection, and the alias if it names it. The topic ``sightings`` can restore it.

    Raises:
        ServiceUnavailable: the server cannot answer now.
    """
    client = connect(settings)
    name = collection_name(settings.collection_prefix, space)
    try:
        with milvus_errors_mapped(f"dropping {name}"):
            if alias_target(client, settings.collection_prefix) == name:
                client.drop_alias(settings.collection_prefix)
            client.drop_collection(name)
    finally:
        client.close()
