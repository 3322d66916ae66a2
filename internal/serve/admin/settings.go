package admin

import (
	"errors"
	"io"
	"net/http"

	"github.com/handsel-tls/handsel/internal/serve/assemble"
	"github.com/handsel-tls/handsel/internal/serve/config"
	"github.com/handsel-tls/handsel/internal/serve/store"
)

// Settings are what the store says of the server as a whole, beside its authority
// (see ACME): where to listen, and what becomes of a connection that nothing is bound
// to. What stands in the configuration file comes before no_match and default.
type Settings struct {
	Listen  config.Listen `json:"listen"`
	NoMatch string        `json:"no_match,omitempty"` // reset, unrecognized_name or default
	Default string        `json:"default,omitempty"`  // the binding for no_match: default
}

// Settings gives what the store says.
func (e *Estate) Settings() (*Settings, error) {
	set, err := e.data.Parts.Settings()
	return &Settings{set.Listen, set.NoMatch, set.Default}, err
}

// SetSettings changes them by a JSON object with the keys that are to be other ones:
// see config.Merge.
func (e *Estate) SetSettings(patch []byte) (*Settings, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.ready(); err != nil {
		return nil, err
	}
	all, err := e.data.Parts.All()
	if err != nil {
		return nil, err
	}
	was := &Settings{all.Settings.Listen, all.Settings.NoMatch, all.Settings.Default}
	next, err := config.Merge(*was, patch)
	if err == nil {
		err = config.CheckListen(next.Listen, next.NoMatch, next.Default)
	}
	if err != nil {
		return nil, fail("wrong", err)
	}
	if e.plan.File().NoMatch != "" && (next.NoMatch != was.NoMatch || next.Default != was.Default) {
		return nil, fail("in_file", errors.New("no_match stands in the configuration file: change it there, and have the server read it again (SIGHUP)"))
	}
	all.Settings.Listen, all.Settings.NoMatch, all.Settings.Default = next.Listen, next.NoMatch, next.Default
	plan, err := assemble.Proposed(e.plan.File(), e.data, &all)
	if err != nil {
		return nil, wrongOr(err)
	}
	if err := e.change(store.Change{Settings: &all.Settings}, plan); err != nil {
		return nil, fail("failed", err)
	}
	return &next, nil
}

func getSettings(e *Estate, _ *http.Request) (any, error) { return e.Settings() }

func setSettings(e *Estate, r *http.Request) (any, error) {
	patch, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fail("wrong", err)
	}
	return e.SetSettings(patch)
}
