"""A deployment over fakes, filled with generated people: for tests, and for looking at the page without a stack.

``python -m serving.testing`` serves it on a loopback port.
"""

from serving.testing.pictures import Look, Scene
from serving.testing.world import World

__all__ = ["Look", "Scene", "World"]
