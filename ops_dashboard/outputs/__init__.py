"""Collages for people: downloads of a batch's, and links to one."""
