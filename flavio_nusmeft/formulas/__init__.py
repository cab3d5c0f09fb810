"""Kinematics, widths, quadrature and interpolation: arrays in, arrays out.

Nothing here knows flavio, parameters or Wilson coefficients.
"""
