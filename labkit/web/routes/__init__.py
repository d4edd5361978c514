"""The API, one file per thing it is about."""
