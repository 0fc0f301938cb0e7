import os
import socket
import threading
import time

listener = socket.create_server(("127.0.0.1", 2001))
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", 2001))
threads = [threading.Thread(target=f) for f in (listener.accept, lambda: receiver.recvfrom(1))]
for thread in threads:
    thread.start()


def waits(thread):
    return (
        os.path.exists("/proc/self/task/%d/stat" % thread.native_id)
        and " S " in open("/proc/self/task/%d/stat" % thread.native_id).read()
    )


while not all(waits(thread) for thread in threads):
    time.sleep(0.01)
name = receiver.getsockname()
for socket_ in listener, receiver:
    os.close(socket_.detach())
socket.create_connection(("127.0.0.1", 2001))
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", name)
for thread in threads:
    thread.join()
