"""What the scripts for operators have in common; none of these is run by itself."""
