"""Models: trained, judged, kept, promoted, put to use."""
