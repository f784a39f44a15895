"""From crop readings to findings, and the pictures that show them."""
