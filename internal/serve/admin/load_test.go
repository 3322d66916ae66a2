package admin

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

var loadChanges = flag.Int("changes", 1000, "how many changes TestChangesUnderLoad makes")

// Handshakes go on while bindings are added, changed and removed and the
// configuration is read again. None fails that should not, and none gets a
// certificate that its binding does not have.
func TestChangesUnderLoad(t *testing.T) {
	changes := *loadChanges
	if testing.Short() {
		changes = min(changes, 120)
	}
	port := freePort(t)
	h := newHost(t, fmt.Sprintf(`
listen: {https: ["127.0.0.1:%d"]}
certificates: [{name: filed, local_ca: [filed.localhost]}, {name: rest, local_ca: [fallback.localhost, gone.localhost, new.localhost]}]
bindings: [{on: "filed.localhost:%[1]d", certificates: [filed]}, {on: "0.0.0.0:%[1]d", certificates: [rest]}]
`, port))
	key := func(name string) string { return fmt.Sprintf("%s:%d", name, port) }
	h.mustDo("POST", "/v1/bindings", local("stays.localhost", port), nil)
	swapped := local("swapped.localhost", port)
	swapped.Certificates = []string{"local-ca:a.localhost,swapped.localhost"}
	h.mustDo("POST", "/v1/bindings", swapped, nil)
	// Which certificates a name may be shown, by their first name.
	allowed := map[string][]string{
		"filed.localhost":   {"filed.localhost"},
		"stays.localhost":   {"stays.localhost"},
		"swapped.localhost": {"a.localhost", "b.localhost"},
		"new.localhost":     {"new.localhost", "fallback.localhost"}, // comes and goes
		"gone.localhost":    {"fallback.localhost"},
	}
	ctx, stop := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	var handshakes atomic.Int64
	for name, may := range allowed {
		wait.Go(func() {
			for ctx.Err() == nil {
				got, err := h.shown(port, name)
				if err != nil || !slices.Contains(may, got) {
					t.Errorf("%s is shown %q: %v", name, got, err)
					return
				}
				handshakes.Add(1)
			}
		})
	}
	for i := range changes {
		switch i % 4 {
		case 0:
			h.mustDo("POST", "/v1/bindings", local("new.localhost", port), nil)
		case 1:
			other := []string{"a", "b"}[i/4%2]
			h.mustDo("PATCH", "/v1/bindings/"+key("swapped.localhost"), map[string]any{"certificates": []string{"local-ca:" + other + ".localhost,swapped.localhost"}}, nil)
		case 2:
			h.mustDo("PATCH", "/v1/bindings/"+key("stays.localhost"), map[string]any{"max_version": []string{"1.2", "1.3"}[i/4%2]}, nil)
		case 3:
			h.mustDo("DELETE", "/v1/bindings/"+key("new.localhost"), nil, nil)
		}
		if i%20 == 19 {
			if _, err := h.estate.Load(); err != nil {
				t.Fatal(err)
			}
		}
	}
	stop()
	wait.Wait()
	if n := handshakes.Load(); n < int64(changes)/2 {
		t.Errorf("%d handshakes during %d changes", n, changes)
	} else {
		t.Logf("%d handshakes during %d changes", n, changes)
	}
}
