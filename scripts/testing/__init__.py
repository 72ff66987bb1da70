"""What ``scripts/test.py`` is made of."""
