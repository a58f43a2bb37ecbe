"""Layers of the joint-loss system, one concept a file."""
