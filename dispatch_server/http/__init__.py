"""HTTP: routes are data (`Route`), handlers call one use case each, errors become one shape in one place."""
