"""Crops, landmarks and their loader."""
