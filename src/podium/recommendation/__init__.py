"""Recommendation of tracks to listeners who repeat: candidates, features, rankers."""
