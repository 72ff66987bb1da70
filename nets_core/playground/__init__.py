"""Small nets on points in the plane, drawn as they learn."""
