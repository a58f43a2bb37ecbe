"""People out of the maps of a whole picture, by part affinity fields (Cao et al., CVPR 2017, section 2.4)."""
