package endpoint_test

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/handsel-tls/handsel/internal/serve/endpoint"
)

// pingPong is a service with a stream in both directions, which answers each
// message in capitals, and ends with an error and a trailer when it is told so.
// gone hears when a stream was cancelled.
func pingPong(gone chan<- error) *grpc.ServiceDesc {
	return &grpc.ServiceDesc{ServiceName: "test.Ping", HandlerType: (*any)(nil), Streams: []grpc.StreamDesc{{
		StreamName: "Pong", ServerStreams: true, ClientStreams: true,
		Handler: func(_ any, s grpc.ServerStream) error {
			said, _ := metadata.FromIncomingContext(s.Context())
			s.SendHeader(metadata.Pairs("said", strings.Join(said.Get("say"), ",")))
			s.SetTrailer(metadata.Pairs("end", "of the stream"))
			for {
				var m wrapperspb.StringValue
				switch err := s.RecvMsg(&m); {
				case err == io.EOF:
					return nil
				case err != nil:
					gone <- s.Context().Err()
					return err
				case m.Value == "fail":
					return status.Error(codes.FailedPrecondition, "as you like it: äöü")
				}
				if err := s.SendMsg(wrapperspb.String(strings.ToUpper(m.Value))); err != nil {
					return err
				}
			}
		},
	}}}
}

// gRPC passes through, to a server without TLS and to one with: streams in both
// directions without a message being held up, metadata, trailers, errors, and the
// end of a client's patience.
func TestGRPC(t *testing.T) {
	for _, scheme := range []string{"h2c", "https"} {
		gone := make(chan error, 1)
		h := newHost(t, endpoint.Options{}, twoSites)
		var options []grpc.ServerOption
		if scheme == "https" {
			pair, err := h.data.CA.Leaf("127.0.0.1")
			if err != nil {
				t.Fatal(err)
			}
			c, err := pair.Certificate()
			if err != nil {
				t.Fatal(err)
			}
			options = append(options, grpc.Creds(credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{*c}})))
		}
		back := grpc.NewServer(options...)
		back.RegisterService(pingPong(gone), nil)
		l, err := net.Listen("tcp", "127.0.0.1:"+h.ports["$OTHER"])
		if err != nil {
			t.Fatal(err)
		}
		go back.Serve(l)
		t.Cleanup(back.Stop)
		h.write("ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: h.data.CA.Certificate().Raw})))
		site := `{name: a, hosts: [a.localhost], proxy: "` + scheme + `://127.0.0.1:$OTHER", compress: true}`
		if scheme == "https" {
			site = strings.Replace(site, "compress", "proxy_ca: ca.pem, compress", 1)
		}
		if err := h.apply(strings.Replace(twoSites, "{name: a, hosts: [a.localhost], folder: a}", site, 1)); err != nil {
			t.Fatal(err)
		}
		conn, err := grpc.NewClient("passthrough:///127.0.0.1:"+h.ports["$HTTPS"],
			grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: h.roots, ServerName: "a.localhost"})), grpc.WithAuthority("a.localhost"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		open := func(ctx context.Context) grpc.ClientStream {
			t.Helper()
			s, err := conn.NewStream(metadata.AppendToOutgoingContext(ctx, "say", "hello"), &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, "/test.Ping/Pong")
			if err != nil {
				t.Fatal(scheme, err)
			}
			return s
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		s := open(ctx)
		pong := func(text string) (string, error) {
			if err := s.SendMsg(wrapperspb.String(text)); err != nil {
				return "", err
			}
			var m wrapperspb.StringValue
			err := s.RecvMsg(&m)
			return m.Value, err
		}
		for _, text := range []string{"one", "two", strings.Repeat("x", 100_000)} { // the next goes out when the last has come back
			if got, err := pong(text); err != nil || got != strings.ToUpper(text) {
				t.Fatalf("%s: %.10q %v", scheme, got, err)
			}
		}
		if header, err := s.Header(); err != nil || header.Get("said")[0] != "hello" {
			t.Errorf("%s: %v %v", scheme, header, err)
		}
		_, err = pong("fail")
		if st := status.Convert(err); st.Code() != codes.FailedPrecondition || st.Message() != "as you like it: äöü" {
			t.Errorf("%s: %v", scheme, err)
		}
		if end := s.Trailer().Get("end"); len(end) != 1 || end[0] != "of the stream" {
			t.Errorf("%s: the trailer is %v", scheme, s.Trailer())
		}
		s = open(ctx)
		s.CloseSend()
		if err := s.RecvMsg(new(wrapperspb.StringValue)); err != io.EOF || len(s.Trailer().Get("end")) != 1 {
			t.Errorf("%s: a stream without messages: %v %v", scheme, err, s.Trailer())
		}
		ctx, leave := context.WithCancel(ctx)
		s = open(ctx)
		if _, err := pong("still here"); err != nil {
			t.Fatal(scheme, err)
		}
		leave()
		select {
		case err := <-gone:
			if err == nil {
				t.Errorf("%s: the server behind does not know that the client is gone", scheme)
			}
		case <-time.After(5 * time.Second):
			t.Errorf("%s: the server behind was not told that the client is gone", scheme)
		}
		back.Stop()
		if err := open(t.Context()).RecvMsg(new(wrapperspb.StringValue)); status.Code(err) != codes.Unavailable {
			t.Errorf("%s: without a server behind: %v", scheme, err)
		}
	}
}
