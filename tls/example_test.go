package tls_test

import (
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"time"

	"github.com/handsel-tls/handsel/internal/tlstest"
	"github.com/handsel-tls/handsel/tls"
)

// site gives a certificate for localhost, and the pool that trusts it. A
// program has files instead: see tls.LoadX509KeyPair.
func site() (tls.Certificate, *x509.CertPool) {
	c := tlstest.Credentials()["P-256"]
	return tls.Certificate{Certificate: c.Chain, PrivateKey: c.Key}, tlstest.Root().Pool()
}

func now() time.Time { return tlstest.Now }

// listen starts a server that greets whoever comes.
func listen(config *tls.Config) net.Listener {
	l, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				io.WriteString(conn, "hello") // runs the handshake
			}()
		}
	}()
	return l
}

// A server and a client, as with crypto/tls.
func Example() {
	cert, pool := site()
	l := listen(&tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"greeting"}})
	defer l.Close()

	conn, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{
		RootCAs: pool, ServerName: "localhost", Time: now, NextProtos: []string{"greeting"},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	text, err := io.ReadAll(conn)
	fmt.Printf("%s %v\n", text, err)
	state := conn.ConnectionState()
	fmt.Println(tls.VersionName(state.Version), state.NegotiatedProtocol)
	// Output:
	// hello <nil>
	// TLS 1.3 greeting
}

// OnHandshake sees every handshake, those that fail included.
func ExampleConfig_onHandshake() {
	cert, pool := site()
	records := make(chan *tls.Record, 1)
	l := listen(&tls.Config{
		Certificates: []tls.Certificate{cert},
		OnHandshake:  func(r *tls.Record) { records <- r },
	})
	defer l.Close()

	conn, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{RootCAs: pool, ServerName: "localhost", Time: now})
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	r := <-records
	version, suite, group, _ := r.Names()
	fmt.Println(r.ServerName, version, suite, group)
	for _, choice := range r.Choices() {
		if choice.Topic == "group" {
			fmt.Println("group:", choice.Chosen)
		}
	}
	// Output:
	// localhost TLS 1.3 TLS_AES_128_GCM_SHA256 X25519MLKEM768
	// group: X25519MLKEM768
}

// The record of a handshake that failed is kept though nobody has asked for it.
func ExampleConn_Record() {
	cert, pool := site()
	l := listen(&tls.Config{Certificates: []tls.Certificate{cert}})
	defer l.Close()

	raw, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	defer raw.Close()
	conn := tls.Client(raw, &tls.Config{RootCAs: pool, ServerName: "other.example", Time: now})
	err = conn.Handshake()
	r := conn.Record()
	fmt.Println(err != nil, r.Failure.Fault, r.Failure.By)
	fmt.Println(r.Failure.Sentence)
	for _, c := range r.Checks() {
		if !c.OK {
			fmt.Printf("%s, certificate %d: %s\n", c.Name, c.Certificate, c.Detail)
		}
	}
	// Output:
	// true NameMismatch this side
	// the certificate is not for the name that was asked for
	// name, certificate 0: it is for a.example, localhost, 127.0.0.1, not for other.example
}
