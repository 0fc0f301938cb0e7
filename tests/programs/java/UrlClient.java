import java.net.HttpURLConnection;
import java.net.URL;
import java.util.HashSet;

/** Posts 100,000 bytes to a URL ten times, over connections of their own, and checks the answers. */
public class UrlClient {
    @SuppressWarnings("deprecation")
    public static void main(String[] args) throws Exception {
        System.setProperty("http.keepAlive", "false");
        var ports = new HashSet<String>();
        for (int i = 0; i < 10; i++) {
            var connection = (HttpURLConnection) new URL(args[0]).openConnection();
            connection.setDoOutput(true);
            connection.getOutputStream().write(new byte[100_000]);
            String[] answer = new String(connection.getInputStream().readAllBytes()).split(" ");
            if (!answer[0].equals("100000")) throw new Error("the server read " + answer[0] + " bytes");
            System.out.println("from " + answer[1]);
            ports.add(answer[2]);
        }
        System.out.println(ports.size() + " ports");
    }
}
