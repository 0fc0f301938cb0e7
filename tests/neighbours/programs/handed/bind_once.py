from facts import fact
from handed import bind, new

fact("bind", bind(new()))
