"""The way of a frame as plain classes: no Ray, no vendor; used by the stream and by the questions alike."""
