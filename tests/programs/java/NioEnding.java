import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/**
 * Clients of a server that answers at once and closes, in one selector: each connects, reads to the end, and writes twice
 * after it. Arguments: port, number of clients.
 */
public class NioEnding {
    static int read, lost, refused;

    public static void main(String[] args) throws Exception {
        var address = new InetSocketAddress("127.0.0.1", Integer.parseInt(args[0]));
        int clients = Integer.parseInt(args[1]);
        for (int i = 0; i < clients; i++) {
            try (var selector = Selector.open(); var client = SocketChannel.open()) {
                client.configureBlocking(false);
                var key = client.register(selector, SelectionKey.OP_CONNECT);
                if (client.connect(address)) key.interestOps(SelectionKey.OP_READ);
                talk(selector, key, client);
            }
        }
        System.out.println(read + " answers, " + lost + " first writes, " + refused + " refused");
    }

    static void talk(Selector selector, SelectionKey key, SocketChannel client) throws Exception {
        var buffer = ByteBuffer.allocate(100);
        for (;;) {
            selector.select(10_000);
            selector.selectedKeys().clear();
            if (key.isConnectable() && client.finishConnect()) key.interestOps(SelectionKey.OP_READ);
            else if (key.isReadable() && client.read(buffer) < 0) break;
        }
        if (new String(buffer.array(), 0, buffer.position()).equals("421 too busy\n")) read++;
        if (client.write(ByteBuffer.wrap("QUIT\r\n".getBytes())) == 6) lost++;
        /* Over TCP the peer's answer to that is what refuses the next. */
        key.interestOps(0);
        selector.select(1_000);
        try {
            client.write(ByteBuffer.wrap("QUIT\r\n".getBytes()));
        } catch (IOException e) {
            refused++;
        }
    }
}
