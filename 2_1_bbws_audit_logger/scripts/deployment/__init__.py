"""What the scripts that deploy have in common; none of these is run by itself."""
