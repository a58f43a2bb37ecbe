"""A user's ONNX file, wrapped into the model contract and examined before it is accepted."""

from sightline.models.importer.acceptance import Acceptance
from sightline.models.importer.importing import Imported, import_model
from sightline.models.importer.recipe import Kind, Recipe

__all__ = ["Acceptance", "Imported", "Kind", "Recipe", "import_model"]
