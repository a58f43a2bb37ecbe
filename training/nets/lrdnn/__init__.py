"""Layers of LRDNN: its heads, the channel parse block, and what joins its two branches."""
