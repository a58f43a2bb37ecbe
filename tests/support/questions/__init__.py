"""A deployment over fakes, filled with generated people: for tests, and for looking at the page without a stack.

``PYTHONPATH=tests python -m support.questions`` serves it on a loopback port.
"""

from support.questions.pictures import Look, Scene
from support.questions.world import World

__all__ = ["Look", "Scene", "World"]
