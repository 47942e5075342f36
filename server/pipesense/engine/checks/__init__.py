"""Quality checks that a table deserves: proposed, written in the project's form, verified, and told in hovers."""
