"""Convolutional Pose Machines (Wei et al., CVPR 2016): stages that see the picture and what the stage before believes."""
