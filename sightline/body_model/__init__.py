"""A body model fitted to key points: joints in, dense body coordinates out; no net, no picture.

The body is a set of limbs of revolution, seen from where the order of shoulders and hips says that the camera stands.
Where no dense estimator is at hand, this is one: :func:`sightline.body_model.fit.fit_dense_coordinates`.
"""
