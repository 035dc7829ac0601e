"""What the doors show; reads only."""
