"""The stream on Ray: camera streams, stage actors, the writer, and the pipeline that composes them."""
