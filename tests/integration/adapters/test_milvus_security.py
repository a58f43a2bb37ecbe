"""The gallery on a real Milvus with TLS and users, and what it says where it is not let in."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from support.guarded_servers import TOKEN, GuardedServer
from support.recorded import DIMENSION, SPACE, make_sightings

from sightline.adapters.milvus import MilvusGallery, count, drop, sighting_ids
from sightline.errors import ConfigurationError, SightlineError
from sightline.settings import MilvusSettings, load_settings

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]


def section(server: GuardedServer, **changes: Any) -> dict[str, Any]:
    """The section ``milvus`` of the settings."""
    return {"uri": server.address, "token": TOKEN, "ssl_cafile": server.authority.cafile} | changes


def open_gallery(server: GuardedServer, **changes: Any) -> None:
    settings = load_settings(milvus=section(server, **changes)).milvus
    MilvusGallery.open(settings, space=SPACE, dimension=DIMENSION).close()


@pytest.fixture
def here(guarded_milvus: GuardedServer) -> Iterator[MilvusSettings]:
    prefix = f"t{uuid.uuid4().hex[:8]}"
    settings = load_settings(milvus=section(guarded_milvus, collection_prefix=prefix)).milvus
    yield settings
    drop(settings, SPACE)


def test_with_the_token_the_gallery_works(here: MilvusSettings) -> None:
    rows = make_sightings(20)
    gallery = MilvusGallery.open(here, space=SPACE, dimension=DIMENSION)
    gallery.add(rows, maybe_present=True)
    [matches] = gallery.search(rows[7].embedding[None], k=1)
    assert matches[0].sighting.sighting_id == rows[7].sighting_id
    assert [row.sighting_id for row in gallery.newest(limit=1)] == [rows[-1].sighting_id]
    gallery.close()
    assert count(here, SPACE) == len(set(sighting_ids(here, SPACE))) == len(rows)


@pytest.mark.parametrize("token", [None, "root:wrong", "somebody:Milvus", "no user at all"])
def test_without_a_token_that_it_knows(guarded_milvus: GuardedServer, token: str | None) -> None:
    with pytest.raises(ConfigurationError, match=r"check milvus\.token"):
        open_gallery(guarded_milvus, token=token)


def test_an_authority_that_is_not_trusted(guarded_milvus: GuardedServer) -> None:
    with pytest.raises(ConfigurationError, match=r"milvus\.ssl_cafile must hold the authority"):
        open_gallery(guarded_milvus, ssl_cafile=None)


def test_a_file_that_is_not_there(guarded_milvus: GuardedServer) -> None:
    with pytest.raises(ConfigurationError, match=r"milvus\.ssl_cafile /nowhere\.pem cannot be read"):
        open_gallery(guarded_milvus, ssl_cafile="/nowhere.pem")


def test_without_tls(guarded_milvus: GuardedServer) -> None:
    with pytest.raises(SightlineError, match=r"connecting to http://.* \(milvus\.uri\)"):
        open_gallery(guarded_milvus, uri=guarded_milvus.address.replace("https", "http"), ssl_cafile=None)
