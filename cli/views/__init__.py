"""Results into what people read: tables, columns, live views and files. Pure but for the live view."""
