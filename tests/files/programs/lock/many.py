import signal
import socket

signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
kinds = socket.SOCK_STREAM, socket.SOCK_DGRAM
sockets = [socket.socket(socket.AF_INET, kinds[i % 2]) for i in range(60)]
for i, one in enumerate(sockets):
    one.bind(("127.0.0.1", 2100 + i))
print("bound", flush=True)
signal.sigwait({signal.SIGUSR1})
for one in sockets[:30]:
    one.close()
