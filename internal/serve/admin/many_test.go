package admin

import (
	"crypto/x509"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/serve/assemble"
	"github.com/handsel-tls/handsel/internal/serve/bindings"
	"github.com/handsel-tls/handsel/internal/serve/certs"
	"github.com/handsel-tls/handsel/internal/serve/config"
	"github.com/handsel-tls/handsel/internal/serve/endpoint"
	"github.com/handsel-tls/handsel/internal/serve/store"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

var (
	many      = flag.Int("many", 2000, "how many bindings TestManyBindings makes")
	manyNames = flag.Int("many-names", 1, "how many bindings of TestManyBindings share a certificate")
	manyDir   = flag.String("many-store", "", "a `folder` in which TestManyBindings keeps them, to be measured again without being made, and to be added to")
)

// filled gives a data folder with n bindings and the port they are on.
func filled(t *testing.T, n int) (dir string, port uint16) {
	if *manyDir == "" {
		dir, port = t.TempDir(), freePort(t)
	} else {
		dir, port = *manyDir, 8443
	}
	fill(t, dir, n, port)
	return dir, port
}

// fill makes a data folder with n bindings, and goes on where it stopped.
func fill(t *testing.T, dir string, n int, port uint16) {
	t.Helper()
	data, err := assemble.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	held, err := data.Parts.All()
	if err != nil {
		t.Fatal(err)
	}
	const batch = 10_000
	for done := len(held.Bindings); done < n; {
		var pairs []certs.From
		var change store.Change
		for end := min(done+batch, n); done < end; {
			names := hosts(done, min(done+*manyNames, end))
			done += len(names)
			p := pairFor(t, names)
			pairs = append(pairs, certs.From{Pair: p, From: "test"})
			for _, host := range names {
				change.Put = append(change.Put, config.Binding{On: fmt.Sprintf("%s:%d", host, port), Certificates: []string{string(certs.ThumbprintOf(p.Leaf()))}})
			}
		}
		if _, err := data.Store.AddAll(pairs); err != nil {
			t.Fatal(err)
		}
		if err := data.Parts.Update(change, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// hosts gives the names of some bindings.
func hosts(from, end int) (names []string) {
	for i := from; i < end; i++ {
		names = append(names, fmt.Sprintf("site%d.customers.example", i))
	}
	return names
}

// pairFor makes a certificate with a key of its own.
func pairFor(t *testing.T, names []string) *certs.Pair {
	key, now := tlstest.NewKey("P-256"), time.Now()
	der := tlstest.Root().Leaf(key, names, func(c *x509.Certificate) { c.NotBefore, c.NotAfter = now.Add(-time.Hour), now.AddDate(0, 6, 0) })[0]
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &certs.Pair{Chain: []*x509.Certificate{leaf}, Key: key}
}

// heap gives the bytes in use.
func heap() uint64 {
	runtime.GC()
	runtime.GC() // pools keep things for one more
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// lookups gives how long it takes to find a binding, and to find a name in a map of
// Go, both in an order that no cache can guess.
func lookups(t *testing.T, table *bindings.Table, local netip.AddrPort, n int) (found, inMap time.Duration) {
	names, m := hosts(0, n), make(map[string]*bindings.Binding, n)
	for _, name := range names {
		m[name] = table.Lookup(local, name).Binding
	}
	rand.Shuffle(n, func(i, j int) { names[i], names[j] = names[j], names[i] })
	names = names[:min(n, 1<<17)]
	for i := range names { // one after another in memory, as what was just read is at hand
		names[i] = strings.Clone(names[i])
	}
	// The quickest of some turns: what else the computer does is not the table's.
	for range 5 {
		start := time.Now()
		for _, name := range names {
			if table.Lookup(local, name).Binding == nil {
				t.Fatal("it is not found")
			}
		}
		middle := time.Now()
		for _, name := range names {
			if m[name] == nil {
				t.Fatal("it is not in the map")
			}
		}
		one := middle.Sub(start) / time.Duration(len(names))
		other := time.Since(middle) / time.Duration(len(names))
		if found == 0 || one < found {
			found = one
		}
		if inMap == 0 || other < inMap {
			inMap = other
		}
	}
	return found, inMap
}

// shows has a client be shown the certificate of a name.
func shows(t *testing.T, e *Estate, c *Client, data *assemble.Data, port uint16, name string) {
	h := &host{Client: c, t: t, estate: e, data: data, roots: x509.NewCertPool()}
	h.roots.AddCert(tlstest.Root().Cert)
	if got, err := h.shown(port, name); err != nil || got != name {
		t.Error(got, err)
	}
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
	found, inMap := lookups(t, table, local, n)
	if *manyDir == "" { // else another run, with another root, may have issued them
		shows(t, e, c, data, port, hosts(n/3, n/3+1)[0])
	}
	t.Logf("%d bindings: start %v, %d bytes each, list %v, certificates %v, warnings %v, change %v, look-up %v, in a map of Go %v", n, started, memory, listed, certificates, warned, changed, found, inMap)
	if info, err := os.Stat(filepath.Join(dir, "handsel.db")); err == nil {
		t.Logf("database: %d bytes a binding", info.Size()/int64(n))
	}
	for _, limit := range []struct {
		what      string
		is, least time.Duration
	}{{"the start", started, 5 * time.Second}, {"the list", listed, time.Second}, {"the list with warnings", warned, 2 * time.Second}, {"a change", changed, 10 * time.Millisecond}} {
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
