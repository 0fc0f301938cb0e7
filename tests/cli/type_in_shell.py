"""Types into a shell at a pseudo terminal: TYPE_IN_SHELL.PY SHELL [ARG...].

Standard input has a line for each try, as JSON: what is typed. A Tab follows, and Ctrl-G, to which the shell's own settings
must bind a function that prints "<<" and ">>" around the command line, and empties it. Prints what is between them, as a line of JSON each.
"""

import fcntl, json, os, pty, select, signal, struct, sys, termios

WAIT_S = 30
PROMPT = b"READY>"


class Terminal:
    def __init__(self, command):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvp(command[0], command)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 200, 250, 0, 0))
        self.text = b""

    def write(self, data):
        os.write(self.fd, data)

    def read_until(self, mark):
        """Gives what is there up to the mark, which is taken away with it."""
        while mark not in self.text:
            if not select.select([self.fd], [], [], WAIT_S)[0]:
                sys.exit(f"{mark!r} does not come: {self.text!r}")
            data = os.read(self.fd, 65536)
            # A terminal answers what it is; fish waits for that.
            if b"\x1b[c" in data or b"\x1b[0c" in data:
                self.write(b"\x1b[?62c")
            self.text += data
        before, _, self.text = self.text.partition(mark)
        return before

    def end(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def main():
    terminal = Terminal(sys.argv[1:])
    terminal.read_until(PROMPT)
    for line in sys.stdin:
        terminal.write(json.loads(line).encode() + b"\t\x07")
        terminal.read_until(b"<<")
        print(json.dumps(terminal.read_until(b">>").decode()), flush=True)
    terminal.end()


main()
