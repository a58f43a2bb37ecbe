"""One vendor a file (or folder): the only places that know kafka, tritonclient, pymilvus and fsspec."""
