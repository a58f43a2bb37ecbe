"""Key points of the one person that a crop shows: a small net, a map a joint."""
