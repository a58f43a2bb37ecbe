"""Milvus as a gallery: one collection per embedding space. pymilvus is known to this package alone."""

from sightline.adapters.milvus.admin import count, drop, live_collection, make_live, sighting_ids
from sightline.adapters.milvus.gallery import MilvusGallery

__all__ = ["MilvusGallery", "count", "drop", "live_collection", "make_live", "sighting_ids"]
