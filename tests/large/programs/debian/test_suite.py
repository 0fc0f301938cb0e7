import pytest
import socket
import time


@pytest.mark.parametrize("number", range(4))
def test_server(number):
    with socket.create_server(("127.0.0.1", 3000)) as server:
        time.sleep(0.3)
        with socket.create_connection(("127.0.0.1", 3000)) as client:
            assert client.getsockname() == server.accept()[1]
