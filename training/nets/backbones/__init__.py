"""Backbones, one a file, each a function that gives a :class:`~training.nets.backbones.backbone.Backbone`."""
