package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/url"
	"os"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
)

// Puts the token into each call. Whether it may go there was looked at before.
type bearer string

func (token bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(token)}, nil
}

func (bearer) RequireTransportSecurity() bool { return false }

// A connection as the settings say. Files are read anew each time: tokens and certificates are renewed.
func connect() (*grpc.ClientConn, error) {
	server, err := url.Parse(setting("DAVY_SERVER", "http://127.0.0.1:8080"))
	if err != nil {
		return nil, err
	}
	options := []grpc.DialOption{grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: keepaliveEvery, Timeout: pingWait})}
	if server.Scheme == "https" {
		config, err := tlsConfig()
		if err != nil {
			return nil, err
		}
		options = append(options, grpc.WithTransportCredentials(credentials.NewTLS(config)))
	} else {
		options = append(options, grpc.WithInsecure())
	}
	if path := os.Getenv("DAVY_TOKEN_FILE"); path != "" {
		token, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		host := server.Hostname()
		if server.Scheme != "https" && host != "127.0.0.1" && host != "localhost" && host != "::1" {
			return nil, status.Error(codes.InvalidArgument, "a token goes over https:// or within one machine only")
		}
		options = append(options, grpc.WithPerRPCCredentials(bearer(strings.TrimSpace(string(token)))))
	}
	address := server.Host
	if server.Port() == "" {
		address += map[string]string{"https": ":443", "http": ":80"}[server.Scheme]
	}
	return grpc.Dial(address, options...)
}

func tlsConfig() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if path := os.Getenv("DAVY_CA"); path != "" {
		pem, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if config.RootCAs = x509.NewCertPool(); !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s: no certificate in it", path)
		}
	}
	if path := os.Getenv("DAVY_CERTIFICATE"); path != "" {
		pair, err := tls.LoadX509KeyPair(path, os.Getenv("DAVY_KEY"))
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}
