from facts import fact
from servers import bound, child, ended, heard, say

first, other = bound("127.0.0.1", 444), bound("1.2.3.4", 555)
bound("1234::5", 444).close()
second = bound("5432::1", 444)
for server in first, other, second:
    server.listen()


def work():
    say("127.0.0.1", 444, b"hello")
    say("5432::1", 444, b"world")
    say("1.2.3.4", 555, b"other")


pid = child(work)
for server in first, second, other:
    fact(server.getsockname()[0], heard(server))
fact("the client ends", ended(pid))
