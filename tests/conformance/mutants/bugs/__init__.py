"""What people get wrong, a function each (see bug.py)."""
