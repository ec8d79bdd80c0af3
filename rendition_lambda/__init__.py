"""Photos: each upload's renditions or rotations."""
