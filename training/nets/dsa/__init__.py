"""The two streams of DSA-reID (Zhang et al., CVPR 2019) and what they are made of."""
