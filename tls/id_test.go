package tls

import (
	"net"
	"regexp"
	"testing"
)

func TestConnectionIDs(t *testing.T) {
	seen, form := map[ConnectionID]bool{}, regexp.MustCompile(`^[0-9a-f]{16}$`)
	for range 10000 {
		id := nextID()
		if seen[id] || !form.MatchString(id.String()) {
			t.Fatalf("%v: seen %t", id, seen[id])
		}
		seen[id] = true
	}
}

// Every record of a connection has the ID of the connection.
func TestRecordHasTheID(t *testing.T) {
	a, b := net.Pipe()
	records := make(chan *Record, 2)
	tell := func(r *Record) { records <- r }
	server := Server(a, &Config{Certificates: []Certificate{certOf("P-256")}, Time: testTime, OnHandshake: tell})
	client := Client(b, &Config{RootCAs: roots(), ServerName: "localhost", Time: testTime, OnHandshake: tell})
	go server.Handshake()
	if err := client.Handshake(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		r := <-records
		if want := map[bool]ConnectionID{true: server.ID(), false: client.ID()}[r.Server]; r.Connection != want || want == 0 {
			t.Errorf("server: %t: %v, want %v", r.Server, r.Connection, want)
		}
	}
}
