"""The layouts in which face-forgery collections lie on disk: one module each, and the choice of one."""
