"""People whose dense coordinates are known, or fitted to their key points: what the net of dense coordinates learns from."""
