"""Looking into a net while it reads and learns: one step traced, functions changed and raced."""
