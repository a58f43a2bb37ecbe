"""The parts of the person detector: trunk, neck, heads, and what is done with their maps."""
