"""What the seven functions share. Edited in the product service's template alone; each repository carries a copy."""
