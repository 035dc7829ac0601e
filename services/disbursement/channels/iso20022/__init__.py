"""ISO 20022: pain.001 out, pain.002 and camt.053/054 in. Read with lxml, entities, network and DTDs off; checked by ISO's schemas."""
