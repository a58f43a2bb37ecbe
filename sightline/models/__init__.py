"""Bringing models in: wrapping an ONNX file into our contract, the repository on disk, and checking one against the other."""
