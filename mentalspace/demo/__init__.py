"""The demo clinic of development, made through the services (docs/demo.md)."""
