package io.netty.handler.ssl;

import java.util.List;
import javax.net.ssl.SSLException;

/** Debian builds netty without its choice of HTTP/2 in a TLS handshake (ALPN), though all its parts are there: put together here. */
public final class JdkAlpn {
    private JdkAlpn() { }

    public static SslContext build(SslContextBuilder tls) throws SSLException {
        var made = (JdkSslContext) tls.sslProvider(SslProvider.JDK).build();
        var alpn = new JdkBaseApplicationProtocolNegotiator(
                (engine, negotiator, isServer) -> new Java9SslEngine(engine, negotiator, isServer),
                JdkBaseApplicationProtocolNegotiator.NO_FAIL_SELECTOR_FACTORY,
                JdkBaseApplicationProtocolNegotiator.FAIL_SELECTION_LISTENER_FACTORY, List.of("h2"));
        String[] versions = {"TLSv1.3", "TLSv1.2"};
        return new JdkSslContext(made.context(), true, null, IdentityCipherSuiteFilter.INSTANCE, alpn,
                ClientAuth.NONE, versions, false);
    }
}
