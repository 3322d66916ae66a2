package engine_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/engine"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// BenchmarkServer measures the server's part of a handshake alone: the time
// and the allocations within its calls. The table that compares it with others
// is in package bench.
func BenchmarkServer(b *testing.B) {
	for _, c := range []struct {
		name    string
		version iana.Version
		group   iana.Group
		resume  bool
	}{
		{"TLS 1.3 X25519", iana.TLS13, iana.X25519, false},
		{"TLS 1.3 X25519MLKEM768", iana.TLS13, iana.X25519MLKEM768, false},
		{"TLS 1.3 resumed", iana.TLS13, iana.X25519, true},
		{"TLS 1.2 X25519", iana.TLS12, iana.X25519, false},
		{"TLS 1.2 resumed", iana.TLS12, iana.X25519, true},
	} {
		b.Run(c.name, func(b *testing.B) {
			server, client := serverHost("P-256"), clientHost()
			p := *policy.Modern().Between(c.version, c.version)
			p.Groups = []iana.Group{c.group}
			client.Config.Policy = &p
			server.Config.Record = false
			if c.resume {
				pair, _ := tlstest.NewPair(client, server)
				if err := pair.Run(); err != nil {
					b.Fatal(err)
				}
				client.Config.Session = pair.Client.TakeSessions()[0]
			}
			var spent time.Duration
			var mallocs uint64
			for i := 0; i < b.N; i++ {
				conn, err := engine.NewClient(client.Config, tlstest.Now)
				if err != nil {
					b.Fatal(err)
				}
				t, m := serve(b, conn, client, server, i%16 == 0)
				spent += t
				mallocs += m
			}
			b.ReportMetric(float64(spent.Nanoseconds())/float64(b.N), "server-ns/op")
			b.ReportMetric(float64(mallocs)/float64((b.N+15)/16), "server-allocs/op")
		})
	}
}

func serve(b *testing.B, client *engine.Conn, ch, sh *tlstest.Host, count bool) (spent time.Duration, mallocs uint64) {
	var server *engine.Conn
	var inServer, inClient, data []byte
	timed := func(do func()) {
		var before, after runtime.MemStats
		if count {
			runtime.ReadMemStats(&before)
		}
		start := time.Now()
		do()
		spent += time.Since(start)
		if count {
			runtime.ReadMemStats(&after)
			mallocs += after.Mallocs - before.Mallocs
		}
	}
	timed(func() { server = engine.NewServer(sh.Config, tlstest.Now) })
	for !client.Complete() || !server.Complete() {
		inServer = append(inServer, client.Output()...)
		client.Sent()
		timed(func() { tlstest.Feed(server, sh, &inServer, &data) })
		inClient = append(inClient, server.Output()...)
		server.Sent()
		tlstest.Feed(client, ch, &inClient, &data)
		if err := server.Err(); err != nil {
			b.Fatal(err)
		}
		if err := client.Err(); err != nil {
			b.Fatal(err)
		}
	}
	return spent, mallocs
}
