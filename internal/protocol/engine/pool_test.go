package engine_test

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// picture is all that a connection knows after its handshake, as text.
func picture(e *handshake.Established, r *trace.Record, sessions []*handshake.Offered) string {
	s := fmt.Sprintf("%v %v %v %v %q %q %v %v %x %x %+v",
		e.Version, e.Suite, e.Group, e.Scheme, e.ALPN, e.ServerName, e.Resumed, e.EtM, e.ClientRandom, e.ServerRandom, e.Legacy)
	s += fmt.Sprintf(" %x %x %x", e.ReadTraffic.Bytes(), e.WriteTraffic.Bytes(), e.Exporter.Bytes())
	if e.Peer != nil {
		s += fmt.Sprintf(" %x %x %x", e.Peer.Chain, e.Peer.OCSPStaple, e.Peer.SCTs)
	}
	s += fmt.Sprintf(" %x %x %+v %+v", r.ClientHello, r.ServerHello, r.Steps, r.Choices)
	for _, o := range sessions {
		s += fmt.Sprintf(" %x %x %+v", o.Ticket, o.SessionID, *o.State)
	}
	return s
}

// TestNothingIsShared makes other handshakes after one is over: what that one
// has left must not lie in memory that went back to a pool.
func TestNothingIsShared(t *testing.T) {
	for _, s := range scenarios {
		client, server := s.hosts(t)
		p := run(t, client, server, 0)
		clientSessions, serverSessions := p.Client.TakeSessions(), p.Server.TakeSessions()
		now := func() string {
			return picture(p.Client.Established(), p.Client.Record(), clientSessions) +
				picture(p.Server.Established(), p.Server.Record(), serverSessions)
		}
		before := now()
		for _, other := range []int{0, 1, 4, 9, 10, 17} {
			client, server := scenarios[other].hosts(t)
			run(t, client, server, 0)
		}
		if now() != before {
			t.Errorf("%s: what it left has changed", s.name)
		}
	}
}

// TestManyAtOnce is for the race detector.
func TestManyAtOnce(t *testing.T) {
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 6 {
				s := scenarios[(i*6+j)%len(scenarios)]
				client, server := s.hosts(t)
				p, err := tlstest.NewPair(client, server)
				if err == nil {
					err = p.Run()
				}
				if err != nil || !p.Client.Complete() || !p.Server.Complete() {
					t.Errorf("%s: %v", s.name, err)
				}
			}
		})
	}
	all.Wait()
}

var earlyLabels = []string{"CLIENT_EARLY_TRAFFIC_SECRET", "EARLY_EXPORTER_SECRET"}

// TestKeyLog checks that both sides log the same secrets under NSS's labels.
func TestKeyLog(t *testing.T) {
	labels := map[iana.Version][]string{
		iana.TLS12: {"CLIENT_RANDOM"},
		iana.TLS13: {
			"CLIENT_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0", "EXPORTER_SECRET",
			"SERVER_HANDSHAKE_TRAFFIC_SECRET", "SERVER_TRAFFIC_SECRET_0",
		},
	}
	for _, s := range scenarios {
		client, server := s.hosts(t)
		logs := [2]map[string]string{{}, {}}
		for i, h := range []*tlstest.Host{client, server} {
			h.Config.KeyLog = func(label string, random, secret []byte) { logs[i][label] = fmt.Sprintf("%x %x", random, secret) }
		}
		p := run(t, client, server, 0)
		want := labels[p.Client.Established().Version]
		switch e := p.Client.Established().Early; {
		case e.Accepted():
			want = slices.Sorted(slices.Values(slices.Concat(want, earlyLabels)))
		case e != nil: // the server has none of them
			maps.DeleteFunc(logs[0], func(label, _ string) bool { return slices.Contains(earlyLabels, label) })
		}
		if !maps.Equal(logs[0], logs[1]) {
			t.Errorf("%s: the client has %v, the server %v", s.name, logs[0], logs[1])
		}
		e := p.Client.Established()
		if got := slices.Sorted(maps.Keys(logs[0])); !slices.Equal(got, want) {
			t.Errorf("%s: the labels are %v", s.name, got)
		}
		for label, line := range logs[0] {
			if random := fmt.Sprintf("%x", e.ClientRandom); line[:64] != random {
				t.Errorf("%s: %s has the client random %s, not %s", s.name, label, line[:64], random)
			}
		}
	}
}
