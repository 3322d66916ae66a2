package eventlog

import (
	"fmt"
	"testing"
	"time"
)

var start = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func TestOneFailureIsOfSomebody(t *testing.T) {
	for _, test := range []struct {
		fault, detail string
		want          Class
	}{
		{"NoSharedVersion", "", Client},
		{"PeerAlert", "", Client},
		{"Truncated", "", Client},
		{"NoBytes", "", Probe},
		{"HTTPRequest", "", HTTP},
		{"HTTPSProxyRequest", "", HTTP},
		{"NotTLS", `they are "SSH-2.0-OpenSSH"`, Scanner},
		{"NotTLS", `they are "PROXY TCP4 192.0"`, Client}, // the load balancer in front is set up wrongly
		{"NotTLS", `they are "\r\n\r\n\x00\r\nQUIT\n!\x11\x00"`, Client},
	} {
		got := newClassifier().classify(&Sighting{Time: start, Peer: "192.0.2.1", Fault: test.fault, Detail: test.detail})
		if got.class != test.want || !got.since.IsZero() {
			t.Errorf("%s %s: it is of class %v", test.fault, test.detail, got.class)
		}
	}
}

// A program that fails in one way stays one, however often and evenly it comes.
func TestProgramThatTriesAgain(t *testing.T) {
	for _, fault := range []string{"PeerAlert", "Truncated", "NoSharedSuite"} {
		c := newClassifier()
		for i := range 100 {
			s := Sighting{Time: start.Add(time.Duration(i) * 5 * time.Second), Peer: "192.0.2.1", Name: "shop.example.com", Offer: []byte("one"), Fault: fault}
			if got := c.classify(&s); got.class != Client {
				t.Fatalf("%s, time %d: it is of class %v: %s", fault, i, got.class, got.why)
			}
		}
	}
}

func TestHealthCheck(t *testing.T) {
	c := newClassifier()
	var last verdict
	for i := range 5 {
		at := start.Add(time.Duration(i)*10*time.Second + time.Duration(i%2)*300*time.Millisecond)
		last = c.classify(&Sighting{Time: at, Peer: "192.0.2.9", Fault: "NoBytes"})
		if i < 4 && last.class != Probe {
			t.Fatalf("connection %d is of class %v", i, last.class)
		}
	}
	if last.class != Health || last.was != Probe || !last.since.Equal(start) {
		t.Errorf("the fifth one: %+v", last)
	}
	// A person behind the same address is still a person.
	if got := c.classify(&Sighting{Time: start.Add(41 * time.Second), Peer: "192.0.2.9", Name: "shop.example.com", Fault: "PeerAlert"}); got.class != Client {
		t.Errorf("a failure from the address of a health check is of class %v", got.class)
	}
	// Uneven intervals are those of a person or a scanner.
	c = newClassifier()
	for i, s := range []int{0, 3, 40, 41, 90, 100} {
		if got := c.classify(&Sighting{Time: start.Add(time.Duration(s) * time.Second), Peer: "192.0.2.9", Fault: "NoBytes"}); got.class != Probe {
			t.Errorf("uneven connection %d is of class %v", i, got.class)
		}
	}
}

func TestScanner(t *testing.T) {
	for _, test := range []struct {
		what        string
		offer, name func(i int) string
		want        int // which failure shows it, from 0; -1: none
	}{
		{"many offers", func(i int) string { return fmt.Sprint("offer", i) }, func(int) string { return "a" }, 19},
		{"many names", func(int) string { return "one" }, func(i int) string { return fmt.Sprint("name", i) }, 19},
		{"two offers and three names", func(i int) string { return fmt.Sprint("offer", i%2) }, func(i int) string { return fmt.Sprint("name", i%3) }, -1},
	} {
		c, got := newClassifier(), -1
		for i := range 30 {
			v := c.classify(&Sighting{ID: AlertSent, Time: start.Add(time.Duration(i) * time.Second), Peer: "192.0.2.66", Name: test.name(i), Offer: []byte(test.offer(i)), Fault: "NoSharedSuite"})
			if v.class == Scanner && got < 0 {
				got = i
				if v.was != Client || !v.since.Equal(start) {
					t.Errorf("%s: what came before is not mended: %+v", test.what, v)
				}
			}
		}
		if got != test.want {
			t.Errorf("%s: failure %d shows the scanner, not %d", test.what, got, test.want)
		}
	}
	// A program that tries one suite after the other is fast.
	fast := newClassifier()
	for i := range 8 {
		v := fast.classify(&Sighting{ID: AlertSent, Time: start.Add(time.Duration(i) * 100 * time.Millisecond), Peer: "192.0.2.66", Offer: []byte(fmt.Sprint(i % 6)), Fault: "NoSharedSuite"})
		if (v.class == Scanner) != (i == 7) {
			t.Errorf("attempt %d is of class %v", i, v.class)
		}
	}
	// When a certificate is wrong, everybody behind an address says so.
	c := newClassifier()
	for i := range 100 {
		if v := c.classify(&Sighting{ID: AlertReceived, Time: start.Add(time.Duration(i) * 100 * time.Millisecond), Peer: "192.0.2.66", Offer: []byte(fmt.Sprint(i)), Fault: "PeerAlert"}); v.class != Client {
			t.Fatalf("refusal %d of a certificate is of class %v", i, v.class)
		}
	}
	// One failure a minute from many programs behind one address is no scan.
	c = newClassifier()
	for i := range 100 {
		if v := c.classify(&Sighting{ID: AlertSent, Time: start.Add(time.Duration(i) * time.Minute), Peer: "192.0.2.66", Offer: []byte(fmt.Sprint(i)), Fault: "NoSharedSuite"}); v.class != Client {
			t.Fatalf("failure %d of many programs is of class %v", i, v.class)
		}
	}
}

func TestClassifierForgets(t *testing.T) {
	c := newClassifier()
	for i := range 3 * mostPeers {
		c.classify(&Sighting{Time: start.Add(time.Duration(i) * time.Millisecond), Peer: fmt.Sprint(i), Fault: "PeerAlert"})
	}
	if len(c.peers) > mostPeers {
		t.Errorf("it remembers %d addresses", len(c.peers))
	}
}
