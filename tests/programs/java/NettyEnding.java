import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Netty: a server that answers at once and closes, and clients that read to the end, write after it, and close. Arguments:
 * port, number of clients.
 */
public class NettyEnding {
    static final AtomicInteger answers = new AtomicInteger(), written = new AtomicInteger(), failures = new AtomicInteger();

    @ChannelHandler.Sharable
    static class Busy extends ChannelInboundHandlerAdapter {
        @Override
        public void channelActive(ChannelHandlerContext context) {
            context.writeAndFlush(Unpooled.copiedBuffer("421 too busy\n", StandardCharsets.UTF_8))
                .addListener(ChannelFutureListener.CLOSE);
        }
    }

    static class Client extends SimpleChannelInboundHandler<ByteBuf> {
        final StringBuilder said = new StringBuilder();
        final CountDownLatch ended;

        Client(CountDownLatch ended) {
            this.ended = ended;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf data) {
            said.append(data.toString(StandardCharsets.UTF_8));
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event != ChannelInputShutdownEvent.INSTANCE) return;
            if (said.toString().equals("421 too busy\n")) answers.incrementAndGet();
            context.writeAndFlush(Unpooled.copiedBuffer("QUIT\r\n", StandardCharsets.UTF_8)).addListener(done -> {
                if (done.isSuccess()) written.incrementAndGet();
                context.close();
            });
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            failures.incrementAndGet();
            context.close();
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            ended.countDown();
        }
    }

    public static void main(String[] args) throws Exception {
        int port = Integer.parseInt(args[0]), clients = Integer.parseInt(args[1]);
        var group = new NioEventLoopGroup(2);
        var ended = new CountDownLatch(clients);
        new ServerBootstrap().group(group).channel(NioServerSocketChannel.class).childHandler(new Busy())
            .bind("127.0.0.1", port).sync();
        var bootstrap = new Bootstrap().group(group).channel(NioSocketChannel.class)
            .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
            .handler(new ChannelInitializer<SocketChannel>() {
                @Override
                protected void initChannel(SocketChannel channel) {
                    channel.pipeline().addLast(new Client(ended));
                }
            });
        for (int i = 0; i < clients; i++) bootstrap.connect("127.0.0.1", port);
        boolean all = ended.await(20, TimeUnit.SECONDS);
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
        System.out.println(
            answers + " answers, " + written + " first writes, " + failures + " failures" + (all ? "" : ", not all ended"));
    }
}
