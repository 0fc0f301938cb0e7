import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.util.concurrent.Executors;

/** Answers POST / with the length of the body and the client's address. Arguments: port and, optionally, a host. */
public class UrlServer {
    public static void main(String[] args) throws Exception {
        int port = Integer.parseInt(args[0]);
        var address = args.length > 1 ? new InetSocketAddress(args[1], port) : new InetSocketAddress(port);
        var server = HttpServer.create(address, 0);
        server.setExecutor(Executors.newFixedThreadPool(4));
        server.createContext("/", exchange -> {
            int length = exchange.getRequestBody().readAllBytes().length;
            var peer = exchange.getRemoteAddress();
            byte[] answer = (length + " " + peer.getAddress().getHostAddress() + " " + peer.getPort()).getBytes();
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        server.start();
    }
}
