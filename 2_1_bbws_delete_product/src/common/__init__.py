"""What the seven functions share. Edited in the product service's template alone; each repository carries a copy."""

import gc

# Loading makes up to 100,000 objects that stay. Looking among them for garbage, as Python does after every 700, takes a
# sixth of a cold start and finds little, and requests leave next to none.
gc.set_threshold(200_000)
