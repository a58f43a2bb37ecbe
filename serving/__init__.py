"""The questions: HTTP on Ray Serve, the web page, and the model repository in Triton's layout."""
