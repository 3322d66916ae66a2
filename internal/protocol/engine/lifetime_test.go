package engine_test

import (
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// TestSessionsEnd resumes sessions every half day, each that which the
// resumption before gave: a week after the server has shown who it is, a full
// handshake has to be made, and nothing outlives its lifetime by being renewed.
// RFC 9846, section 4.7.1.
func TestSessionsEnd(t *testing.T) {
	for v, most := range map[iana.Version]time.Duration{iana.TLS13: 7 * tlstest.Days(1), iana.TLS12: tlstest.Days(1)} {
		client, server := hostsOf(v, "P-256")
		server.Sessions = session.NewCache(1)
		began, last := time.Duration(0), time.Duration(0)
		for at := time.Duration(0); at <= 2*most; at += 12 * time.Hour {
			p, err := tlstest.NewPairAt(client, server, tlstest.Now.Add(at))
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Run(); err != nil {
				t.Fatal(err)
			}
			if p.Client.Established().Resumed {
				last = max(last, at-began)
			} else {
				began = at
			}
			if all := p.Client.TakeSessions(); len(all) > 0 {
				client.Config.Session = all[0]
				if left := all[0].State.Lifetime; v == iana.TLS13 && time.Duration(left)*time.Second > began+most-at {
					t.Errorf("%v: after %v the ticket is for %d s", v, at, left)
				}
			}
		}
		if last == 0 || last > most {
			t.Errorf("%v: sessions were resumed for %v, the limit is %v", v, last, most)
		}
	}
}

// TestManyTickets gives a client several tickets at once, and one for each that
// it uses. Each is a session of its own. RFC 9846, section 4.7.1.
func TestManyTickets(t *testing.T) {
	client, server := hosts13("P-256")(t)
	server.Config.MoreTickets = 3
	all := run(t, client, server, 0).Client.TakeSessions()
	if len(all) != 4 {
		t.Fatalf("there are %d tickets", len(all))
	}
	secrets, ages := map[string]bool{}, map[uint32]bool{}
	for _, offered := range all {
		secrets[string(offered.State.Secret)], ages[offered.State.AgeAdd] = true, true
		client.Config.Session = offered
		p := run(t, client, server, 0)
		if n := len(p.Client.TakeSessions()); !p.Server.Established().Resumed || n != 1 {
			t.Errorf("resumed: %v, %d tickets", p.Server.Established().Resumed, n)
		}
	}
	if len(secrets) != 4 || len(ages) != 4 {
		t.Error("tickets have a secret or ticket_age_add in common")
	}
}
