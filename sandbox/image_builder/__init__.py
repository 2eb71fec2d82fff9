"""Builds the image that workers run in, on a base image or from this interpreter."""
