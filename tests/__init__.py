"""The tests mirror the storeys; every one states a promise in its docstring."""
