package admin

import (
	"crypto/x509"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/serve/assemble"
	"github.com/handsel-tls/handsel/internal/serve/certs"
	"github.com/handsel-tls/handsel/internal/serve/config"
	"github.com/handsel-tls/handsel/internal/serve/endpoint"
	"github.com/handsel-tls/handsel/internal/serve/store"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

var (
	many    = flag.Int("many", 2000, "how many bindings TestManyBindings makes")
	manyDir = flag.String("many-store", "", "a `folder` in which TestManyBindings keeps them, to be measured again without being made; it has a folder for each number")
)

// filled gives a data folder with n bindings and the port they are on.
func filled(t *testing.T, n int) (dir string, port uint16) {
	if *manyDir == "" {
		dir, port = t.TempDir(), freePort(t)
		fill(t, dir, n, port)
		return dir, port
	}
	const kept = 8443 // nobody has to be able to listen there but this test
	dir = filepath.Join(*manyDir, fmt.Sprint(n))
	if _, err := os.Stat(filepath.Join(dir, "whole")); err == nil {
		return dir, kept
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	fill(t, dir, n, kept)
	if err := os.WriteFile(filepath.Join(dir, "whole"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, kept
}

// fill makes a data folder with n bindings, each with a certificate of its own.
func fill(t *testing.T, dir string, n int, port uint16) {
	t.Helper()
	data, err := assemble.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	root := tlstest.Root()
	now := time.Now()
	const batch = 10_000
	for done := 0; done < n; {
		var pairs []certs.From
		var change store.Change
		for ; done < n && len(pairs) < batch; done++ {
			host := fmt.Sprintf("site%d.customers.example", done)
			key := tlstest.NewKey("P-256")
			der := root.Leaf(key, []string{host}, func(c *x509.Certificate) { c.NotBefore, c.NotAfter = now.Add(-time.Hour), now.AddDate(0, 6, 0) })[0]
			leaf, err := x509.ParseCertificate(der)
			if err != nil {
				t.Fatal(err)
			}
			pairs = append(pairs, certs.From{Pair: &certs.Pair{Chain: []*x509.Certificate{leaf}, Key: key}, From: "test"})
			change.Put = append(change.Put, config.Binding{On: fmt.Sprintf("%s:%d", host, port), Certificates: []string{string(certs.ThumbprintOf(leaf))}})
		}
		if _, err := data.Store.AddAll(pairs); err != nil {
			t.Fatal(err)
		}
		if err := data.Parts.Update(change, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// heap gives the bytes in use.
func heap() uint64 {
	runtime.GC()
	runtime.GC() // pools keep things for one more
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// What very many bindings cost. The limits are meant for -many 100000, which takes
// half a minute.
func TestManyBindings(t *testing.T) {
	n := *many
	dir, port := filled(t, n)
	before := heap()
	start := time.Now()
	data, err := assemble.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	server := endpoint.New(endpoint.Options{})
	defer server.Shutdown(t.Context())
	e := New(data, nil, server.Apply)
	if _, err := e.Load(); err != nil {
		t.Fatal(err)
	}
	started := time.Since(start)
	memory := (heap() - before) / uint64(n)

	l, err := e.Listen(filepath.Join(dir, SocketFile))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := Dial(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	took := func(method, path string, in, out any) time.Duration {
		t.Helper()
		start := time.Now()
		if err := c.Do(method, path, in, out); err != nil {
			t.Fatal(err)
		}
		return time.Since(start)
	}
	var list BindingList
	listed := took("GET", "/v1/bindings", nil, &list)
	if len(list.Bindings) != n {
		t.Fatal(len(list.Bindings))
	}
	certificates := took("GET", "/v1/certificates", nil, &CertificateList{})
	warned := took("GET", "/v1/bindings?warnings=true", nil, &list)
	key := fmt.Sprintf("/v1/bindings/site%d.customers.example:%d", n/2, port)
	var all []time.Duration
	for i := range 11 {
		all = append(all, took("PATCH", key, map[string]any{"max_version": []string{"1.2", "1.3"}[i%2]}, nil))
	}
	slices.Sort(all)
	changed := all[len(all)/2]
	table, local := e.plan.Setup.Table, netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port)
	const lookups = 1 << 18
	start = time.Now()
	name := fmt.Sprintf("site%d.customers.example", n/3)
	for range lookups {
		if table.Lookup(local, name).Binding == nil {
			t.Fatal("it is not found")
		}
	}
	found := time.Since(start) / lookups
	h := &host{Client: c, t: t, estate: e, data: data, roots: x509.NewCertPool()}
	h.roots.AddCert(tlstest.Root().Cert)
	if got, err := h.shown(port, name); err != nil || got != name {
		t.Error(got, err)
	}
	t.Logf("%d bindings: start %v, %d bytes each, list %v, certificates %v, warnings %v, change %v, lookup %v", n, started, memory, listed, certificates, warned, changed, found)
	if info, err := os.Stat(filepath.Join(dir, "handsel.db")); err == nil {
		t.Logf("database: %d bytes a binding", info.Size()/int64(n))
	}
	for _, limit := range []struct {
		what      string
		is, least time.Duration
	}{{"the start", started, 5 * time.Second}, {"the list", listed, time.Second}, {"a change", changed, 10 * time.Millisecond}} {
		if n < 100_000 { // beside other tests, and with the race detector: only what is out of all proportion
			limit.least *= 20
		}
		if limit.is > limit.least && n <= 100_000 {
			t.Errorf("%s takes %v, and may take %v", limit.what, limit.is, limit.least)
		}
	}
	if memory > 1024 {
		t.Errorf("a binding needs %d bytes", memory)
	}
}
