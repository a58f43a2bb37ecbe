"""OpenPose (Cao et al., 2018): what its maps are, how true ones are drawn, and the two-stream net that predicts them."""
