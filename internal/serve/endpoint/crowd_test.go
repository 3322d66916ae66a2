package endpoint

import (
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/serve/bindings"
)

func TestCrowd(t *testing.T) {
	c := newCrowd(2)
	var ends [4]net.Conn
	var others [4]net.Conn
	for i := range ends {
		ends[i], others[i] = net.Pipe()
		defer ends[i].Close()
		defer others[i].Close()
	}
	closed := func(i int) bool {
		others[i].SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		_, err := others[i].Read(make([]byte, 1))
		timeout, ok := err.(net.Error)
		return !ok || !timeout.Timeout()
	}
	for i := range 3 {
		c.changed(ends[i], http.StateNew)
	}
	if !closed(0) || closed(1) || closed(2) || c.size() != 2 {
		t.Fatal("the oldest has to go, and no other")
	}
	c.changed(ends[0], http.StateClosed) // it is gone already
	c.changed(ends[1], http.StateActive) // it sent a request
	c.changed(ends[3], http.StateNew)
	if closed(1) || closed(2) || closed(3) || c.size() != 2 {
		t.Fatal("who sent a request does not count")
	}
	c.changed(ends[2], http.StateClosed)
	c.changed(ends[3], http.StateHijacked)
	if c.size() != 0 || len(c.at) != 0 {
		t.Error("something is left")
	}
}

// Nothing is remembered of connections that are gone.
func TestVisitorsLeave(t *testing.T) {
	s := New(Options{})
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	v := &visitor{raw: b}
	s.inside.byConn[a], s.inside.byRaw[b] = v, v
	s.inside.led(b, &bindings.Binding{}, false)
	if v.binding == nil {
		t.Error("the binding was not noted")
	}
	s.changed(a, http.StateActive)
	if s.inside.size() != 2 {
		t.Error("it left too early")
	}
	s.changed(a, http.StateClosed)
	if n := s.inside.size(); n != 0 {
		t.Errorf("%d are left", n)
	}
}
