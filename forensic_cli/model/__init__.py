"""The Locality-Aware AutoEncoder, its weights, and inference."""
