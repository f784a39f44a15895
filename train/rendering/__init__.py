"""Small face autoencoders whose output is pasted back: forgeries with a decoder's traces."""
