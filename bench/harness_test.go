package bench

import (
	stdtls "crypto/tls"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/tls"
)

// TestStacks runs every scenario in every stack twice: what the benchmark
// measures works, and is of the kind that it says.
func TestStacks(t *testing.T) {
	for _, st := range stacks(t) {
		for _, s := range scenarios {
			if cannot(st, s.scenario) {
				continue
			}
			t.Run(st.name()+"/"+s.name, func(t *testing.T) {
				run, err := st.prepare(s.scenario)
				if err != nil {
					t.Fatal(err)
				}
				m := &meter{}
				for range 2 {
					if err := run(m); err != nil {
						t.Fatal(err)
					}
				}
				if m.spent <= 0 {
					t.Error("it took no time")
				}
			})
		}
		for _, send := range []bool{true, false} {
			if d, err := st.bulk(3, send); err != nil || d <= 0 {
				t.Errorf("%s: bulk: %v, %v", st.name(), d, err)
			}
		}
	}
}

// TestOtherKind makes handshakes that are not those of the scenario.
func TestOtherKind(t *testing.T) {
	s := scenario{"TLS 1.3", tls.VersionTLS13, tls.X25519, true, false}
	good := s.kind()
	if err := s.check(good); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*kind){
		"version": func(k *kind) { k.version = tls.VersionTLS12 },
		"suite":   func(k *kind) { k.suite = tls.TLS_AES_256_GCM_SHA384 },
		"group":   func(k *kind) { k.group = tls.CurveP256 },
		"resumed": func(k *kind) { k.resumed = true },
	} {
		k := good
		if change(&k); s.check(k) == nil {
			t.Errorf("another %s is not noticed", name)
		}
	}
}

// TestOtherServer measures servers that do something else than the scenario
// says: that has to fail.
func TestOtherServer(t *testing.T) {
	server := func(change func(*stdtls.Config)) *goStack {
		return &goStack{title: "other", server: func(s scenario) func(net.Conn) conn {
			c := &stdtls.Config{Time: now, MaxVersion: s.version, Certificates: []tls.Certificate{certificate()}}
			change(c)
			return func(n net.Conn) conn { return stdtls.Server(n, c) }
		}, client: standard().client}
	}
	tickets := server(func(c *stdtls.Config) { c.SessionTicketsDisabled = true })
	suite := server(func(c *stdtls.Config) {
		c.CipherSuites = []uint16{stdtls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384}
	})
	for _, c := range []struct {
		name  string
		under stack
		s     scenario
	}{
		{"no tickets", tickets, scenario{"TLS 1.3", tls.VersionTLS13, tls.X25519, true, true}},
		{"no tickets", tickets, scenario{"TLS 1.2", tls.VersionTLS12, tls.X25519, true, true}},
		{"another suite", suite, scenario{"TLS 1.2", tls.VersionTLS12, tls.X25519, true, false}},
		{"no such group", standard(), scenario{"TLS 1.3", tls.VersionTLS13, 0x1234, true, false}},
	} {
		run, err := c.under.prepare(c.s)
		if err == nil {
			err = run(&meter{})
		}
		if err == nil {
			t.Errorf("%s, %s: it was measured", c.s.name, c.name)
		} else {
			t.Logf("%s, %s: %v", c.s.name, c.name, err)
		}
	}
}

// A worker is a side under test that works for a known time between reads, and
// allocates a known number of objects.
type worker struct {
	net.Conn
	work func()
}

func (w worker) Handshake() error {
	for {
		w.work()
		if _, err := w.Read(make([]byte, 1)); errors.Is(err, io.EOF) {
			return nil
		}
	}
}

// TestMeter lets both sides work: only what the one under test does counts.
func TestMeter(t *testing.T) {
	const reads, pause, objects = 5, 3 * time.Millisecond, 50
	for _, counting := range []bool{false, true} {
		m := &meter{counting: counting}
		w := newWire(m)
		var kept []*[64]byte
		under := worker{w, func() {
			if !counting {
				time.Sleep(pause)
				return
			}
			for range objects {
				kept = append(kept, new([64]byte))
			}
		}}
		kept = make([]*[64]byte, 0, 10*reads*objects)
		done := make(chan error)
		go func() {
			m.enter()
			err := under.Handshake()
			m.leave()
			done <- err
		}()
		for range reads {
			<-w.idle
			time.Sleep(15 * pause) // the peer's time
			for range 10 * objects {
				kept = append(kept, new([64]byte)) // and its objects
			}
			kept = kept[:0]
			w.more <- []byte{1}
		}
		<-w.idle
		close(w.more)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		const turns = reads + 1
		if !counting && (m.spent < turns*pause || m.spent > turns*pause+100*time.Millisecond) {
			t.Errorf("%v were measured, it took %v", m.spent, turns*pause)
		}
		// Each Read is given a byte of its own.
		if counting && (m.mallocs < turns*objects || m.mallocs > turns*(objects+4)) {
			t.Errorf("%d objects were counted, there were %d", m.mallocs, turns*objects)
		}
	}
}

// TestRatio takes ratios within turns.
func TestRatio(t *testing.T) {
	s := samples{"a": {10, 100, 30}, "b": {20, 200, 30}}
	if r := s.ratio("a", "b"); r != 0.5 {
		t.Error(r)
	}
	if r := s.ratio("a", "c"); r != 0 {
		t.Error(r)
	}
	if m := median(s["a"]); m != 30 {
		t.Error(m)
	}
}

// TestIdleBytes measures a connection of a known size.
func TestIdleBytes(t *testing.T) {
	const size, count = 10_000, 50
	got, err := held(func() (io.Reader, *link, error) {
		a, _ := newLink()
		return &fat{link: a}, a, nil
	}, true, count)
	if err != nil {
		t.Fatal(err)
	}
	if each := got / count; each < size || each > size+2000 {
		t.Errorf("%d bytes, there were %d and a link", each, size)
	}
}

// TestIdleServer holds the bound of the table for a server that gave no ticket,
// whose handshake ends with what the client sends.
func TestIdleServer(t *testing.T) {
	for _, reading := range []bool{true, false} {
		least := 1 << 20
		for range 3 { // the runtime's own memory is in the figure, and may grow meanwhile
			n, err := ours(false).idleBytes(true, reading, 50)
			if err != nil {
				t.Fatal(err)
			}
			least = min(least, n)
		}
		if least > 4096 {
			t.Errorf("%d bytes for an idle connection, in Read: %t", least, reading)
		}
	}
}

type fat struct {
	*link
	_ [10_000]byte
}
