"""The one exception whose text is written for the person at the keyboard."""


class UserError(Exception):
    """Something the user can put right.

    The message names the flag, file or argument, the rule it breaks, what was
    received and the next command to run. Entries print it without a traceback
    and exit with status 2.
    """
