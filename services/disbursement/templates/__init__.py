"""One set of templates for every paper that the office signs: the same sections as a workbook and as PDF."""
