"""What several tests share: made-up worlds, stages that need no model, and the invariants of the stream."""
