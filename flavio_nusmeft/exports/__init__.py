"""Predictions for other codes and for papers: POPxf, CSV and HEPData."""
