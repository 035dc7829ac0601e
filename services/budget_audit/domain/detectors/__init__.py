"""One pure function per detector: facts in, findings out. Texts are read by clerks: Bahasa Indonesia."""
