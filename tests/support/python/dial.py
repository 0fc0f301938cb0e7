"""Connections to ADDRESS: a port of this machine, `tls:` with a port, or the path of a Unix socket."""

import socket
import ssl

PATIENCE = 120


def dial(address, protocol="http/1.1"):
    """Connects; over TLS it offers one protocol, and trusts any certificate."""
    if address.startswith("/"):
        client = socket.socket(socket.AF_UNIX)
        client.connect(address)
        return client
    client = socket.create_connection(("127.0.0.1", int(address.removeprefix("tls:"))))
    if not address.startswith("tls:"):
        return client
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols([protocol])
    client.settimeout(PATIENCE)  # so that one thread may read while another one writes
    return context.wrap_socket(client)
