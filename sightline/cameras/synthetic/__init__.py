"""A synthetic camera network: walking people, several calibrated cameras, and the exact truth of every frame.

:class:`sightline.cameras.synthetic.world.World` is the whole of it: seed, camera and time in, picture and truth out.

Legend: metres; the world's x runs along the rooms, y away from the cameras' wall, z up, the floor being z = 0. A body's own
frame has x forward, y to the person's left, z up, its origin on the floor below the pelvis.
"""
