"""What every challenge shares: errors, parameters, scores, checks, reports."""
