package flow_test

import (
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/handsel-tls/handsel/internal/observe/flow"
	"github.com/handsel-tls/handsel/internal/observe/packet"
	"github.com/handsel-tls/handsel/internal/observe/pcap"
	"github.com/handsel-tls/handsel/internal/observe/synth"
	"github.com/handsel-tls/handsel/internal/observe/tcp"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// tapped notes what goes through a connection, in its order.
type tapped struct {
	net.Conn
	from trace.Side
	mu   *sync.Mutex
	send func(trace.Side, []byte)
}

func (c tapped) Write(b []byte) (int, error) {
	c.mu.Lock()
	c.send(c.from, b)
	c.mu.Unlock()
	return c.Conn.Write(b)
}

// TestResumedWithRSAKey: the server's RSA key opens a connection with RSA key
// exchange, and from what it learns there those that resume its session.
func TestResumedWithRSAKey(t *testing.T) {
	credential := tlstest.Credentials()["RSA-2048"]
	roots := x509.NewCertPool()
	roots.AddCert(tlstest.Root().Cert)
	server := &tls.Config{
		Certificates: []tls.Certificate{{Certificate: credential.Chain, PrivateKey: credential.Key}}, MaxVersion: tls.VersionTLS12,
		CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256},
	}
	client := &tls.Config{
		InsecureSkipVerify: true, ServerName: "localhost", ClientSessionCache: tls.NewLRUClientSessionCache(4),
		CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}, MaxVersion: tls.VersionTLS12,
	}
	var stories []*flow.Story
	keys := &flow.Keys{Log: new(flow.KeyLog), RSA: []*rsa.PrivateKey{credential.Key.(*rsa.PrivateKey)}}
	table := tcp.NewTable(flow.NewFollower(func(s *flow.Story) { stories = append(stories, s) }, flow.Options{Keys: keys, KeepData: 1000}), tcp.Limits{})
	for i := range 2 {
		var s packet.Segment
		var u packet.Datagram
		var d packet.Decoder
		c := synth.New(fmt.Sprintf("192.0.2.1:%d", 40000+i), "198.51.100.1:443", func(p *pcap.Packet) {
			if d.Decode(p, &s, &u) == packet.TCP {
				table.Add(&s)
			}
		})
		c.Open()
		a, b := net.Pipe()
		var mu sync.Mutex
		done := make(chan error, 1)
		go func() {
			conn := tls.Server(tapped{b, trace.Server, &mu, c.Send}, server)
			io.WriteString(conn, "hello, client")
			done <- conn.Close()
		}()
		conn := tls.Client(tapped{a, trace.Client, &mu, c.Send}, client)
		if err := conn.Handshake(); err != nil {
			t.Fatal(err)
		}
		io.ReadAll(conn)
		if conn.ConnectionState().DidResume != (i == 1) {
			t.Fatal("resumed", !(i == 1))
		}
		conn.Close()
		<-done
		c.Close(trace.Client)
	}
	table.Close()
	for i, s := range stories {
		if !s.Keys || len(s.Carried) == 0 || !strings.Contains(string(s.Carried[0].Data), "hello, client") {
			t.Errorf("connection %d was not opened: %+v", i, s)
		}
	}
}
