"""Prints whether it is in its terminal's foreground, then the name of each signal that it gets."""

import os
import signal

WATCHED = {signal.SIGINT, signal.SIGCONT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP, signal.SIGRTMIN + 1}

signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)
print("foreground" if os.isatty(0) and os.tcgetpgrp(0) == os.getpgrp() else "ready", flush=True)
while True:
    info = signal.sigwaitinfo(WATCHED)
    name = (
        signal.Signals(info.si_signo).name
        if info.si_signo < signal.SIGRTMIN
        else f"RTMIN+{info.si_signo - signal.SIGRTMIN}"
    )
    print(name, flush=True)
    if info.si_signo == signal.SIGHUP:
        break
