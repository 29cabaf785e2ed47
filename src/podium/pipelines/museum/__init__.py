"""Lost in the Museum: one vector per image that finds the painting a visitor photographed."""
