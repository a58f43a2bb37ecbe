"""Layers of DJL, the Deep Joint Learning network, one concept a file."""
