package cli

import (
	"bytes"
	stdtls "crypto/tls"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/serve/endpoint"
	"github.com/handsel-tls/handsel/tls"
)

// TestPacketsSaid takes a failed handshake of a server away: as a capture it is told
// of as what it was, and nothing in it is more than what went over the network.
func TestPacketsSaid(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got := make(chan *tls.Record, 1)
	config := &tls.Config{MinVersion: tls.VersionTLS12, KeepMessages: true, OnHandshake: func(r *tls.Record) { got <- r }, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, os.ErrNotExist }}
	go func() {
		if c, err := l.Accept(); err == nil {
			tls.Server(c, config).Handshake()
			c.Close()
		}
	}()
	d := &net.Dialer{Timeout: 10 * time.Second}
	if _, err := stdtls.DialWithDialer(d, "tcp", l.Addr().String(), &stdtls.Config{ServerName: "old.example.com", InsecureSkipVerify: true, MinVersion: stdtls.VersionTLS10, MaxVersion: stdtls.VersionTLS11}); err == nil {
		t.Fatal("it succeeds")
	}
	record := <-got
	h := &endpoint.Handshake{Record: record}
	var file bytes.Buffer
	if err := packetsSaid(&file, h); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(file.String(), saidNote) {
		t.Error("the capture does not say what it is")
	}
	name := filepath.Join(t.TempDir(), "it.pcapng")
	if err := os.WriteFile(name, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	_, out, errs := runTrace("-v", name)
	for _, want := range []string{record.Remote.String() + " > " + record.Local.String(), "old.example.com", "alert protocol_version by the server", "no-common-version", "ClientHello"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing:\n%s%s", want, out, errs)
		}
	}
	with := len(handshakeForms(h))
	record.Passages = nil
	if without := len(handshakeForms(h)); with != 3 || without != 2 {
		t.Errorf("%d forms of what was kept, and %d of what was not", with, without)
	}
}
