import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/**
 * Server and clients in one selector, every channel registered before it is bound or connected. Each client sends its
 * number, gets it back, and compares the addresses that both ends report. Arguments: port, number of clients.
 */
public class NioEcho {
    public static void main(String[] args) throws Exception {
        var address = new InetSocketAddress("127.0.0.1", Integer.parseInt(args[0]));
        int clients = Integer.parseInt(args[1]);
        var selector = Selector.open();

        var server = ServerSocketChannel.open();
        server.configureBlocking(false);
        server.register(selector, SelectionKey.OP_ACCEPT);
        poll(selector);
        server.bind(address);

        for (int i = 0; i < clients; i++) {
            var client = SocketChannel.open();
            client.configureBlocking(false);
            var key = client.register(selector, SelectionKey.OP_CONNECT, i);
            poll(selector);
            if (client.connect(address)) connected(key);
        }

        int done = 0;
        var buffer = ByteBuffer.allocate(1024);
        long deadline = System.nanoTime() + 10_000_000_000L;
        while (done < clients) {
            selector.select(10_000);
            if (System.nanoTime() > deadline) throw new Error(done + " clients echoed after ten seconds");
            var keys = selector.selectedKeys();
            for (var key : keys) {
                if (key.isAcceptable()) accept(server, selector);
                else if (key.isConnectable()) connected(key);
                else if (key.isReadable() && key.attachment() == null) echo(key, buffer);
                else if (key.isReadable()) { check(key, buffer); done++; }
            }
            keys.clear();
        }
        System.out.println(done + " clients echoed");
    }

    /** Makes the kernel know the registrations; a socket without an address may report anything yet. */
    static void poll(Selector selector) throws Exception {
        selector.selectNow();
        selector.selectedKeys().clear();
    }

    static void accept(ServerSocketChannel server, Selector selector) throws Exception {
        for (SocketChannel peer; (peer = server.accept()) != null;) {
            peer.configureBlocking(false);
            peer.register(selector, SelectionKey.OP_READ);
        }
    }

    static void connected(SelectionKey key) throws Exception {
        var client = (SocketChannel) key.channel();
        if (!client.isConnected() && !client.finishConnect()) throw new Error("not connected");
        key.interestOps(SelectionKey.OP_READ);
        String text = key.attachment() + " " + client.getLocalAddress();
        client.write(ByteBuffer.wrap(text.getBytes()));
    }

    static void echo(SelectionKey key, ByteBuffer buffer) throws Exception {
        var peer = (SocketChannel) key.channel();
        buffer.clear();
        if (peer.read(buffer) < 0) { key.cancel(); return; }
        String text = new String(buffer.array(), 0, buffer.position());
        String seen = peer.getRemoteAddress().toString();
        if (!text.endsWith(" " + seen)) throw new Error("client said " + text + ", server sees " + seen);
        buffer.flip();
        peer.write(buffer);
    }

    static void check(SelectionKey key, ByteBuffer buffer) throws Exception {
        buffer.clear();
        int length = ((SocketChannel) key.channel()).read(buffer);
        String text = new String(buffer.array(), 0, Math.max(length, 0));
        if (!text.startsWith(key.attachment() + " ")) throw new Error("got " + text + " for " + key.attachment());
        key.cancel();
        key.channel().close();
    }
}
