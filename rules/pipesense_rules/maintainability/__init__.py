"""Rules about what makes a project harder to change than it need be."""
