package tls

import (
	"bytes"
	"crypto/rand"
	stdtls "crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"testing/iotest"
)

// oneByte hands out what is read a byte at a time.
type oneByte struct {
	net.Conn
	r io.Reader
}

func (c oneByte) Read(b []byte) (int, error) { return c.r.Read(b) }

func TestTinyReads(t *testing.T) {
	for _, v := range versions {
		c, s := tcpPair(t)
		client := Client(oneByte{c, iotest.OneByteReader(c)}, clientSide(nil).config())
		server := Server(oneByte{s, iotest.OneByteReader(s)}, serverSide(v, nil).config())
		data := make([]byte, 20_000)
		rand.Read(data)
		go func() {
			server.Write(data)
			server.Close()
		}()
		if _, err := client.Read(nil); err != nil {
			t.Error(err)
		}
		got, err := io.ReadAll(iotest.OneByteReader(client))
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}
}

// TestConcurrentUse reads, writes, looks at the state, updates keys and closes
// at once.
func TestConcurrentUse(t *testing.T) {
	forEach(t, func(t *testing.T, v uint16, p pairing) {
		c, s := tcpPair(t)
		var client, server conn = stdtls.Client(c, clientSide(nil).std), stdtls.Server(s, serverSide(v, nil).std)
		if p.client {
			client = Client(c, clientSide(nil).config())
		}
		if p.server {
			server = Server(s, serverSide(v, nil).config())
		}
		const size, piece = 1 << 20, 10_000
		var wg sync.WaitGroup
		errs := make(chan error, 16)
		for _, end := range []conn{client, server} {
			wg.Go(func() { // each starts the handshake, one runs it
				for sent := 0; sent < size; sent += piece {
					if _, err := end.Write(make([]byte, piece)); err != nil {
						errs <- err
						return
					}
					if ours, ok := end.(*Conn); ok && v == VersionTLS13 && sent%(10*piece) == 0 {
						// crypto/tls (Go 1.26) that is asked to update its own keys while
						// another goroutine writes fails to read the next record.
						request := p == pairing{true, true} && sent%(20*piece) == 0
						if err := ours.KeyUpdate(request); err != nil {
							errs <- err
						}
					}
				}
				errs <- end.CloseWrite()
			})
			wg.Go(func() {
				n, err := io.Copy(io.Discard, end)
				if err == nil && n < size {
					err = io.ErrShortBuffer
				}
				errs <- err
			})
			wg.Go(func() {
				for range 100 {
					state := end.ConnectionState()
					if ours, ok := end.(*Conn); ok {
						_, err := state.ExportKeyingMaterial("EXPERIMENTAL", nil, 8)
						if state.HandshakeComplete && err != nil {
							errs <- err
						}
						ours.Record()
					}
				}
			})
		}
		wg.Wait()
		close(errs)
		for err := range errs {
			if err != nil {
				t.Error(err)
			}
		}
	})
}

// TestKeyUpdateOfStandard asks crypto/tls to update its keys, many times.
func TestKeyUpdateOfStandard(t *testing.T) {
	for _, p := range pairings[:2] {
		client, server := connected(t, VersionTLS13, p)
		ours, theirs := client, server
		if p.server {
			ours, theirs = server, client
		}
		b := make([]byte, 4)
		for range 50 {
			if err := ours.(*Conn).KeyUpdate(true); err != nil {
				t.Fatal(err)
			}
			for _, way := range [][2]conn{{ours, theirs}, {theirs, ours}} {
				if _, err := way[0].Write([]byte("data")); err != nil {
					t.Fatal(err)
				}
				if _, err := io.ReadFull(way[1], b); err != nil || string(b) != "data" {
					t.Fatal(string(b), err)
				}
			}
		}
	}
	client, _ := connected(t, VersionTLS12, pairing{true, true})
	if client.(*Conn).KeyUpdate(true) == nil {
		t.Error("the keys of TLS 1.2 were updated")
	}
}

// TestPipe has no buffer between the ends.
func TestPipe(t *testing.T) {
	for _, v := range versions {
		c, s := net.Pipe()
		client, server := Client(c, clientSide(nil).config()), Server(s, serverSide(v, nil).config())
		done := make(chan error, 1)
		go func() {
			_, err := io.Copy(server, server)
			server.Close()
			done <- err
		}()
		b := make([]byte, 4)
		for range 3 {
			if _, err := io.WriteString(client, "data"); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(client, b); err != nil || string(b) != "data" {
				t.Fatal(string(b), err)
			}
		}
		go io.Copy(io.Discard, client) // what the server still has to say
		if err := errors.Join(client.CloseWrite(), <-done); err != nil {
			t.Error(err)
		}
	}
}
