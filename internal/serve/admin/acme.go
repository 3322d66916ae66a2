package admin

import (
	"errors"
	"net/http"

	"github.com/handsel-tls/handsel/internal/serve/config"
	"github.com/handsel-tls/handsel/internal/serve/store"
)

// ACME gives what is said of a certificate authority; Agree is false if nothing
// is.
func (e *Estate) ACME() (*config.ACME, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.ready(); err != nil {
		return nil, err
	}
	if set := e.plan.ACME(); set != nil {
		return set, nil
	}
	return &config.ACME{}, nil
}

// SetACME says which authority issues certificates, and to whom.
func (e *Estate) SetACME(set config.ACME) (*config.ACME, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.ready(); err != nil {
		return nil, err
	}
	if e.plan.File().ACME != nil {
		return nil, fail("in_file", errors.New("the authority is named in the configuration file: change it there, and have the server read it again (SIGHUP)"))
	}
	if err := config.CheckACME(&set); err != nil {
		return nil, fail("wrong", err)
	}
	settings, err := e.data.Parts.Settings()
	if err != nil {
		return nil, err
	}
	settings.ACME = &set
	next, err := e.plan.ChangeACME(&set)
	if err != nil {
		return nil, wrongOr(err)
	}
	return &set, e.change(store.Change{Settings: &settings}, next)
}

func getACME(e *Estate, _ *http.Request) (any, error) { return e.ACME() }

func setACME(e *Estate, r *http.Request) (any, error) {
	set, err := read[config.ACME](r)
	if err != nil {
		return nil, err
	}
	return e.SetACME(set)
}
