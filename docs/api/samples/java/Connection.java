import davy.v1.AlertServiceGrpc;
import davy.v1.AlertServiceGrpc.AlertServiceBlockingStub;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.netty.handler.ssl.JdkAlpn;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** A connection as the settings say. Files are read anew each time: tokens and certificates are renewed. */
record Connection(ManagedChannel channel, AlertServiceBlockingStub davy) implements AutoCloseable {
    private static final Set<String> HERE = Set.of("127.0.0.1", "localhost", "[::1]");
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    static Connection open() throws IOException {
        URI server = URI.create(Consumer.setting("DAVY_SERVER", "http://127.0.0.1:8080"));
        boolean isTls = "https".equals(server.getScheme());
        int port = server.getPort() >= 0 ? server.getPort() : isTls ? 443 : 80;
        NettyChannelBuilder builder = NettyChannelBuilder.forAddress(server.getHost(), port)
                .keepAliveTime(20, TimeUnit.SECONDS).keepAliveTimeout(10, TimeUnit.SECONDS);
        if (isTls) {
            builder.sslContext(tls());
        } else {
            builder.usePlaintext();
        }
        String file = System.getenv("DAVY_TOKEN_FILE");
        Metadata metadata = new Metadata();
        if (file != null) {
            if (!isTls && !HERE.contains(server.getHost())) {
                throw Status.INVALID_ARGUMENT
                        .withDescription("a token goes over https:// or within one machine only").asRuntimeException();
            }
            metadata.put(AUTHORIZATION, "Bearer " + Files.readString(Path.of(file)).strip());
        }
        ManagedChannel channel = builder.build();
        var davy = AlertServiceGrpc.newBlockingStub(channel)
                .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(metadata));
        return new Connection(channel, davy);
    }

    private static SslContext tls() throws IOException {
        SslContextBuilder tls = SslContextBuilder.forClient();
        String ca = System.getenv("DAVY_CA"), certificate = System.getenv("DAVY_CERTIFICATE");
        if (ca != null) {
            tls.trustManager(new File(ca));
        }
        if (certificate != null) {
            tls.keyManager(new File(certificate), new File(Consumer.setting("DAVY_KEY", "")));
        }
        // With any other netty than Debian's: return GrpcSslContexts.configure(tls).build();
        return JdkAlpn.build(tls);
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }
}
