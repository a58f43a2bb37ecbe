"""Which samples come together in a batch: deterministic by seed and epoch, the same for any number of workers."""
