"""The Locality-Aware AutoEncoder, its weights, and inference."""

import os

# torch's threads wait for one another at the end of every layer. Spinning, as they do by default, takes the
# processor from the decoding and detecting that goes on beside: with both cores busy, a crop cost 2.3 times
# the processor time. libgomp reads this when torch is loaded, which the modules of this package do.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
