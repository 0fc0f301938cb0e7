"""Who removes the file of a socket that two processes have: the one that closes it last, also if both close at once."""

import ctypes
import os
import socket

from facts import fact
from port_files import files, raw_close

ROUNDS = 200
PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
ALLOW_ALL = b"\x06\x00\x00\x00\x00\x00\xff\x7f"


def listener(port):
    served = socket.socket()
    served.bind(("127.0.0.1", port))
    served.listen()
    return served


def child(work):
    """Forks a child that has done `work` once it is told to go on."""
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(tell)
        os.read(told, 1)
        work()
        os._exit(0)
    os.close(told)
    return pid, tell


def goes(process):
    """Lets the child go on, and waits for its end."""
    pid, tell = process
    os.close(tell)
    os.waitpid(pid, 0)


def at_once(works):
    """The child ends, or closes, while the parent closes."""
    rounds = 0
    for _ in range(ROUNDS):
        served = listener(2001)
        pid, tell = child(lambda: works(served))
        os.close(tell)
        served.close()
        os.waitpid(pid, 0)
        rounds += files() == []
    return rounds


def filtered():
    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]

    libc = ctypes.CDLL(None, use_errno=True)
    program = Program(1, ALLOW_ALL)
    assert libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    assert libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) == 0


def later(parent):
    """A parent, in a process of its own, does something with its listener, and then its child ends."""
    pid = os.fork()
    if pid == 0:
        served = listener(2001)
        waiting = child(lambda: None)
        parent(served)
        fact(f"{parent.__name__}, while the child lives", files())
        goes(waiting)
        fact(f"{parent.__name__}, when it has ended", files())
        os._exit(0)
    os.waitpid(pid, 0)
    fact(f"{parent.__name__}, at its own end", files())


def keeps(served):
    pass


def closes(served):
    served.close()


def closes_unseen(served):
    raw_close(served.detach())


def puts_over(served):
    os.dup2(0, served.fileno())


def closes_a_copy(served):
    os.close(os.dup(served.fileno()))


def closes_both(served):
    os.close(os.dup(served.fileno()))
    served.close()


def filters(served):
    filtered()
    served.close()


def executes():
    """The exec closes the listener, and the pipe on which the child waits. The program ends after the child."""
    pid = os.fork()
    if pid == 0:
        served = listener(2001)
        until, last = os.pipe()
        child(lambda: (served, last))
        os.dup2(until, 0)
        os.execv("/bin/cat", ["cat"])
    os.waitpid(pid, 0)
    fact("executes, when it has ended", files())


for parent in (
    keeps,
    closes,
    closes_unseen,
    puts_over,
    closes_a_copy,
    closes_both,
    filters,
):
    later(parent)
executes()
fact("rounds without a file, the child ends", at_once(lambda served: None))
fact("rounds without a file, the child closes", at_once(lambda served: served.close()))
