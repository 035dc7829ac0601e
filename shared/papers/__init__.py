"""Papers for signature and for auditors: sections of words and tables, written as XLSX or PDF, whatever service they come from."""
