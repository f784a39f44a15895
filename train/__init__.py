"""Training of the Locality-Aware AutoEncoder."""
