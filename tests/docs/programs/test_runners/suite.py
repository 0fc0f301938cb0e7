import socket
import time
import unittest


class Suite(unittest.TestCase):
    def test_server(self):
        with socket.create_server(("127.0.0.1", 3000)) as server:
            time.sleep(0.5)
            with socket.create_connection(("127.0.0.1", 3000)) as client:
                self.assertEqual(client.getsockname(), server.accept()[1])
