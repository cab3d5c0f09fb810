"""Effective theories: operators, bases, running, matching, and the coefficient object."""
