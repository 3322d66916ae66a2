package tls

import (
	stdtls "crypto/tls"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
)

// A gate is a connection that reads nothing after its second write until it is
// opened: a client's that has sent its Finished.
type gate struct {
	net.Conn
	writes atomic.Int32
	opened chan struct{}
	alter  func([]byte) // what is read once it is open
}

func (g *gate) Write(b []byte) (int, error) {
	g.writes.Add(1)
	return g.Conn.Write(b)
}

func (g *gate) Read(b []byte) (int, error) {
	closed := g.writes.Load() >= 2
	if closed {
		<-g.opened
	}
	n, err := g.Conn.Read(b)
	if closed && g.alter != nil && n > 0 {
		g.alter(b[:n])
	}
	return n, err
}

// falseStart makes a connection with a server of the standard library whose
// Finished does not arrive before the gate is opened, and writes before that.
func falseStart(t *testing.T, alter func([]byte)) (client *Conn, g *gate, server <-chan error) {
	t.Helper()
	rawClient, rawServer := link(t)
	g = &gate{Conn: rawClient, opened: make(chan struct{}), alter: alter}
	result := make(chan error, 1)
	got := make(chan struct{})
	go func() {
		s := stdtls.Server(rawServer, &stdtls.Config{
			Certificates: []stdtls.Certificate{certOf("P-256")}, Time: testTime, MaxVersion: VersionTLS12, NextProtos: []string{"x"},
		})
		buf := make([]byte, 5)
		_, err := io.ReadFull(s, buf)
		close(got)
		if err == nil {
			_, err = s.Write([]byte("world"))
		}
		if err == nil {
			_, err = s.Read(buf)
		}
		result <- err
	}()
	client = Client(g, &Config{
		ServerName: "a.example", RootCAs: roots(), Time: testTime, MaxVersion: VersionTLS12, NextProtos: []string{"x"},
		FalseStart: true, OnHandshake: func(*Record) {},
	})
	if _, err := client.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-got: // though the gate is shut
	case err := <-result:
		t.Fatal("server:", err)
	}
	return client, g, result
}

func TestFalseStart(t *testing.T) {
	c, g, server := falseStart(t, nil)
	switch s := c.ConnectionState(); {
	case s.HandshakeComplete || c.InEarlyData():
		t.Error("the handshake is complete, or in early data, before the server's Finished has come")
	case len(s.VerifiedChains) == 0 || s.NegotiatedProtocol != "x":
		t.Errorf("data was sent before it was known to whom: %+v", s)
	}
	if c.Record() != nil {
		t.Error("there is a record of a handshake that goes on")
	}
	close(g.opened)
	buf := make([]byte, 5)
	if _, err := io.ReadFull(c, buf); err != nil || string(buf) != "world" {
		t.Fatalf("%q, %v", buf, err)
	}
	if !c.ConnectionState().HandshakeComplete || c.Record() == nil {
		t.Error("the handshake is not complete, or left no record")
	}
	c.Close()
	if err := <-server; !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

// TestFalseStartAltered: what was altered on the way shows in the next Read, and
// nothing is written any more.
func TestFalseStartAltered(t *testing.T) {
	c, g, server := falseStart(t, func(b []byte) { b[20] ^= 1 }) // in the record behind the ChangeCipherSpec
	close(g.opened)
	if _, err := c.Read(make([]byte, 5)); !errors.Is(err, fault.BadRecordMAC) {
		t.Errorf("Read gave %v", err)
	}
	if _, err := c.Write([]byte("more")); err == nil {
		t.Error("it goes on writing")
	}
	if r := c.Record(); r == nil || r.Failure == nil {
		t.Errorf("the record is %+v", r)
	}
	if err := <-server; err == nil {
		t.Error("the server heard nothing of it")
	}
}

func TestFalseStartIsOff(t *testing.T) {
	if (&Config{}).prepare().client.FalseStart != 0 {
		t.Error("it is on though nobody has asked for it")
	}
}
