"""Triton over gRPC: inference, with system shared memory where it runs on this machine, and its model control."""

from sightline.adapters.triton.admin import ModelState, TritonAdmin
from sightline.adapters.triton.inference import TritonInference, is_local

__all__ = ["ModelState", "TritonAdmin", "TritonInference", "is_local"]
