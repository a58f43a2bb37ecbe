"""Sightline finds the same person across cameras, on live streams.

This package is the core that every part of the product speaks: types, wire formats, settings, stages, adapters.
"""

__version__ = "0.1.0"
