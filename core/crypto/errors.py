"""What goes wrong with sealed text. Never text in return, never NULL: these are faults, for an operator to see."""


class SealError(Exception):
    """Sealed bytes do not open: a wrong key, another row, another column, or a changed byte."""


class DataKeyMissingError(SealError):
    """The person's data key is gone: their text was erased, or never sealed here."""


class EnvironmentKeyMissingError(SealError):
    """No live key of the environment opens this data key: the key that wrapped it was taken out of DATA_KEYS."""
