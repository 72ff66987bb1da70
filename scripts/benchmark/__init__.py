"""What ``scripts/bench.py`` measures. Nothing of it is part of the site."""
