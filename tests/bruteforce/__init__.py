"""Brute-force amplitudes, independent of the package, used as an oracle in the tests."""
