import socket
import time

bound = socket.socket()
bound.bind(("127.0.0.1", 8081))
listening = socket.create_server(("127.0.0.1", 8080))
print("ready", flush=True)
time.sleep(60)
