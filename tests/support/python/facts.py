"""Facts that a test compares by name: NAME=VALUE a line, the value in JSON."""

import errno
import json


def fact(name, value):
    print(f"{name}={json.dumps(value, default=bytes.decode)}", flush=True)


def outcome(call):
    try:
        call()
        return "done"
    except OSError as error:
        return errno.errorcode[error.errno]
