"""The re-identification systems, one a file, each a :class:`~training.nets.system.EmbeddingSystem`."""
