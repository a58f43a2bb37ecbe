"""From one model to the next while everything runs: re-embedding what was seen, comparing, switching, switching back."""
