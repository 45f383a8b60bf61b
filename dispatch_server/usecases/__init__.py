"""The use cases: each loads, asks a pure function, saves once, and hands the result to the relay."""
