"""Pictures in a folder or an object store, by an fsspec URL. fsspec, s3fs and botocore are known to this package alone."""

from sightline.adapters.blobs.fsspec_blobs import FsspecBlobs
from sightline.adapters.blobs.opening import open_blobs, open_store

__all__ = ["FsspecBlobs", "open_blobs", "open_store"]
