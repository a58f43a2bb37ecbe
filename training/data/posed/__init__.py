"""Pictures of people with their joints, out of several sets of different skeletons: what pose nets learn from."""
