"""What the site is made of beside its texts: Sphinx extensions, and pages from the package."""
