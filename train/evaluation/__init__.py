"""The parts of `train evaluate`: what is examined, what is measured, how it is kept and shown."""
