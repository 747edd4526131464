"""Adapters to disks, object stores and Pillow."""
