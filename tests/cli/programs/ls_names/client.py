import socket
import time

client = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
client.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
client.bind(("::", 9302))
client.sendto(b"x", ("::ffff:127.0.0.1", 9399))
print("sent", flush=True)
time.sleep(60)
