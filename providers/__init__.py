"""The normalized schema and one pure module per dialect: no sockets, no clocks, no environment."""
