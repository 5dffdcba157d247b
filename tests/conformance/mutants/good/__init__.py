"""The good implementation that every mutant is made from: Python's standard library, and the
library of conformance/examples."""
