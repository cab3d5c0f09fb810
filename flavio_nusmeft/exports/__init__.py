"""Predictions for other codes and for papers: POPxf, CSV, HEPData; files all or none."""
