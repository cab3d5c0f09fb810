"""The version, read from here by setuptools and by the command, which do not import the package."""

__version__ = "0.1.0"
