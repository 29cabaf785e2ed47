"""Images: reading, simulated visitor photos, synthetic paintings, encoders."""
