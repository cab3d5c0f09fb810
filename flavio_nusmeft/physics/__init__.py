"""Physics: couplings, closed-form widths, quadrature and one module per family of decays."""
