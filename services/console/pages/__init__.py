"""The pages: each file asks doors, shapes nothing but what is shown, and renders."""
