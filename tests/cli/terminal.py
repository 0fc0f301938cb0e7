"""Runs a command in the foreground of a terminal of its own, as a shell with job control does, and prints what becomes of it.

usage: terminal.py COMMAND [ARG...]     which prints a line for each signal that it gets (signals.py)
"""

import fcntl
import os
import pty
import signal
import sys
import termios


def lines(fd):
    text = b""
    while True:
        try:
            more = os.read(fd, 1024)
        except OSError:  # nobody has the other end any more
            return
        text += more
        while b"\n" in text:
            line, text = text.split(b"\n", 1)
            yield line.strip().decode()


def become_shell(slave):
    """A session of its own, whose terminal this is."""
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    settings = termios.tcgetattr(slave)
    settings[3] &= ~termios.ECHO
    termios.tcsetattr(slave, termios.TCSANOW, settings)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)


def start(slave, command):
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(slave, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        for fd in range(3):
            os.dup2(slave, fd)
        os.execvp(command[0], command)
    return pid


def main():
    master, slave = pty.openpty()
    if os.fork() != 0:
        os.close(slave)
        sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
    become_shell(slave)
    pid = start(slave, sys.argv[1:])
    told = lines(master)

    def expect_stop():
        _, status = os.waitpid(pid, os.WUNTRACED)
        stopped = os.WIFSTOPPED(status)
        print("stopped by", signal.Signals(os.WSTOPSIG(status)).name if stopped else status, flush=True)

    def expect_line():
        print("told:", next(told), flush=True)

    def expect_continued():
        print("continued:", os.WIFCONTINUED(os.waitpid(pid, os.WCONTINUED)[1]), flush=True)

    expect_line()
    os.write(master, b"\x1a")  # Ctrl-Z
    expect_stop()
    os.killpg(pid, signal.SIGCONT)
    expect_continued()
    expect_line()
    os.write(master, b"\x03")  # Ctrl-C
    expect_line()
    os.kill(pid, signal.SIGUSR1)
    expect_line()
    os.killpg(pid, signal.SIGUSR2)
    expect_line()
    os.kill(pid, signal.SIGTSTP)
    expect_stop()
    os.kill(pid, signal.SIGCONT)
    expect_continued()
    expect_line()
    os.kill(pid, signal.SIGTERM)
    print("ended:", os.waitpid(pid, 0)[1], flush=True)
    # What came twice would be here still.
    os.close(slave)
    print("left:", list(told), flush=True)


main()
