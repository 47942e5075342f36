"""What touches the machine: files, projects, ignore files, installed rule packs."""
