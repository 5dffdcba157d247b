# Filled in by the install target.
