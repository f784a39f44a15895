"""`train calibrate`: from scores to likelihood ratios, and how far they can be trusted."""
