#!/usr/bin/env python
"""Django's command line, which brings up the embedded servers where no others are configured."""

import os
import sys

# These look at the code only, or bring the servers up themselves.
COMMANDS_WITHOUT_SERVERS = {
    "check",
    "collectstatic",
    "compilemessages",
    "help",
    "remove_embedded",
    "run",
    "runserver",
    "spectacular",
    "version",
}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mentalspace.settings")
    from django.core.management import execute_from_command_line

    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command not in COMMANDS_WITHOUT_SERVERS and not command.startswith("-"):
        from core.embedded import EmbeddedServerError, start_configured

        try:
            start_configured()
        except EmbeddedServerError as error:
            sys.exit(str(error))
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
