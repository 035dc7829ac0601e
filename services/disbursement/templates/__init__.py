"""The office's words on its papers (the writers of the papers stand in ``shared.papers``)."""
