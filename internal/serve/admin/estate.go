// Package admin lets an administrator change what a server serves while it runs,
// or while it does not: bindings, certificates and sites, over an API on a Unix
// socket, or directly on the data folder. Whatever is changed is in force for
// the next connection, stands in the store, and is there after a restart; no
// connection is dropped.
package admin

import (
	"sync"

	"github.com/handsel-tls/handsel/internal/serve/assemble"
	"github.com/handsel-tls/handsel/internal/serve/config"
	"github.com/handsel-tls/handsel/internal/serve/endpoint"
	"github.com/handsel-tls/handsel/internal/serve/store"
)

// An Estate is what a server serves, with the means to change it. It may be used
// by several goroutines; one change is made at a time.
type Estate struct {
	data  *assemble.Data
	load  func() (*config.File, error)
	apply func(*endpoint.Setup) error

	mu    sync.Mutex
	plan  *assemble.Plan
	facts facts
}

// New makes an estate of a data folder, which is open. load gives the
// configuration file, nil: there is none. apply has a server go over to a setup;
// nil: no server runs.
func New(data *assemble.Data, load func() (*config.File, error), apply func(*endpoint.Setup) error) *Estate {
	return &Estate{data: data, load: load, apply: apply, facts: facts{byName: map[string]*fact{}}}
}

// Load reads everything, and has the server go over to it: at the start, and when
// the configuration file is another. If there is an error nothing has changed.
func (e *Estate) Load() (*assemble.Plan, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	err := e.reload()
	return e.plan, err
}

func (e *Estate) reload() error {
	next, err := e.make()
	if err != nil {
		return err
	}
	return e.use(next)
}

func (e *Estate) make() (*assemble.Plan, error) {
	if e.load == nil {
		return assemble.FromStore(e.data)
	}
	f, err := e.load()
	if err != nil {
		return nil, err
	}
	return assemble.FromFile(f, e.data)
}

// use goes over to a plan.
func (e *Estate) use(next *assemble.Plan) error {
	if e.apply != nil {
		if err := e.apply(next.Setup); err != nil {
			return err
		}
	}
	e.plan = next
	next.InForce()
	return nil
}

// change writes a change down and goes over to the plan that has it. Either both
// come about or neither.
func (e *Estate) change(c store.Change, next *assemble.Plan) error {
	before := e.plan
	err := e.data.Parts.Update(c, func() error { return e.use(next) })
	if err != nil && e.plan != before { // the disk failed when it was to count
		e.use(before)
	}
	return err
}

// ready makes the plan when it is first needed: a command that needs none does
// not wait for it.
func (e *Estate) ready() error {
	if e.plan != nil {
		return nil
	}
	return e.reload()
}
