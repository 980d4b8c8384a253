"""Encryption at rest: clinical text sealed with a key per patient (docs/encryption.md).

Models use `core.crypto.fields.EncryptedTextField` and need nothing else from here.
"""
