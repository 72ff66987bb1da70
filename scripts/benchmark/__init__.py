"""The measurements of ``scripts/bench.py``. None of this is part of the site."""
