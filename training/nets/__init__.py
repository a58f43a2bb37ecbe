"""Nets: backbones, layers that the papers need, and the re-identification systems made of them. Tensors in, tensors out."""
