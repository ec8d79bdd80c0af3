"""Erasure of everything that is stored about a creator."""
