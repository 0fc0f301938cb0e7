import os

TEXT = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "text")).read()


def app(environ, start_response):
    body = f"{TEXT} of {os.getppid()}".encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
