"""From predictions to statements: likelihoods, draws of parameters, fits and scans."""
