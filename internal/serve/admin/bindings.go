package admin

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/handsel-tls/handsel/internal/serve/assemble"
	"github.com/handsel-tls/handsel/internal/serve/bindings"
	"github.com/handsel-tls/handsel/internal/serve/config"
	"github.com/handsel-tls/handsel/internal/serve/store"
)

// A Binding is a binding as the API gives it.
type Binding struct {
	config.Binding
	Origin   string    `json:"origin"` // store or file
	Warnings []Warning `json:"warnings,omitempty"`
}

// A Warning is what will surprise somebody.
type Warning struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

// The origins of a binding or a site.
const (
	fromStore = "store"
	fromFile  = "file"
)

// Binding gives the binding of a key with its warnings.
func (e *Estate) Binding(k bindings.Key) (*Binding, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.ready(); err != nil {
		return nil, err
	}
	return e.binding(k)
}

func (e *Estate) binding(k bindings.Key) (*Binding, error) {
	var shown *Binding
	if e.plan.InFile(k) {
		list := e.plan.File().Bindings
		i := slices.IndexFunc(list, func(b config.Binding) bool { key, _ := bindings.ParseKey(b.On); return key == k })
		shown = &Binding{Binding: list[i], Origin: fromFile}
	} else {
		b, ok, err := e.data.Parts.Binding(k)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, e.noBinding(k)
		}
		shown = &Binding{Binding: b, Origin: fromStore}
	}
	for _, w := range e.plan.Setup.Table.CheckOne(k, e.plan.Setup.HTTPS) {
		shown.Warnings = append(shown.Warnings, Warning{string(w.Code), w.Text})
	}
	if b := e.plan.Setup.Table.Get(k); b != nil && shown.Origin == fromStore {
		shown.Warnings = append(shown.Warnings, e.certificateWarnings(b)...)
	}
	return shown, nil
}

// noBinding says that there is none, and what the connection gets that would
// lead to it.
func (e *Estate) noBinding(k bindings.Key) *Error {
	text := fmt.Sprintf("there is no binding %v", k)
	addr := k.Addr()
	if !addr.IsValid() {
		addr = netip.IPv4Unspecified()
	}
	if found := e.plan.Setup.Table.Lookup(netip.AddrPortFrom(addr, k.Port()), k.Host()); found.Binding != nil {
		text += fmt.Sprintf(": its connections are led to %v", found.Binding.Key)
	}
	return fail("not_found", errors.New(text))
}

// AddBinding adds a binding. One that is there stays as it is, and is an error.
func (e *Estate) AddBinding(b config.Binding) (*Binding, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.ready(); err != nil {
		return nil, err
	}
	if key, err := bindings.ParseKey(b.On); err == nil && e.plan.Setup.Table.Get(key) != nil && !e.plan.InFile(key) {
		return nil, fail("exists", fmt.Errorf("there is a binding %v already: change it with handsel bind set %v, or remove it first", key, key))
	}
	return e.putBinding(b)
}

// SetBinding changes a binding by a JSON object with the keys that are to be
// other ones: see config.Merge.
func (e *Estate) SetBinding(k bindings.Key, patch []byte) (*Binding, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.ready(); err != nil {
		return nil, err
	}
	if e.plan.InFile(k) {
		return nil, fail("in_file", fmt.Errorf("binding %v: %w", k, assemble.ErrInFile))
	}
	old, ok, err := e.data.Parts.Binding(k)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, e.noBinding(k)
	}
	next, err := config.Merge(old, patch)
	if err != nil {
		return nil, fail("wrong", err)
	}
	if key, err := bindings.ParseKey(next.On); err != nil || key != k {
		return nil, fail("wrong", errors.New("what a binding is bound to does not change: add another, and remove this one"))
	}
	return e.putBinding(next)
}

func (e *Estate) putBinding(b config.Binding) (*Binding, error) {
	checked, err := config.CheckBinding(b, config.Known{
		Site:        config.OneOf("site", e.plan.SiteNames()),
		Certificate: func(string) error { return nil },
	})
	if err != nil {
		return nil, fail("wrong", err)
	}
	b.On = checked.Key.String()
	b.Certificates = slices.Clone(b.Certificates)
	for i, name := range b.Certificates {
		if b.Certificates[i], err = e.reference(name, checked.Key); err != nil {
			return nil, fail("wrong", fmt.Errorf("binding %s: %w", b.On, err))
		}
	}
	next, err := e.plan.ChangeBindings([]config.Binding{b}, nil)
	if err != nil {
		return nil, wrongOr(err)
	}
	if err := e.change(store.Change{Put: []config.Binding{b}}, next); err != nil {
		return nil, fail("failed", err)
	}
	shown, err := e.binding(checked.Key)
	if err == nil {
		for _, why := range checked.Settings.Warnings() {
			shown.Warnings = append(shown.Warnings, Warning{"weak", why})
		}
	}
	return shown, err
}

// RemoveBinding takes a binding away. Connections that it led somewhere go on.
func (e *Estate) RemoveBinding(k bindings.Key) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.ready(); err != nil {
		return err
	}
	if e.plan.Setup.Table.Get(k) == nil {
		return e.noBinding(k)
	}
	next, err := e.plan.ChangeBindings(nil, []bindings.Key{k})
	if err != nil {
		return err
	}
	return e.change(store.Change{Remove: []bindings.Key{k}}, next)
}

// A Lookup is how a connection is led to its binding, step by step.
type Lookup struct {
	Local    string   `json:"local"`
	SNI      string   `json:"sni"`
	Steps    []Step   `json:"steps"`
	Rule     string   `json:"rule"`
	Binding  string   `json:"binding,omitempty"`
	Site     string   `json:"site,omitempty"`
	Certs    []string `json:"certificates,omitempty"`
	Rejected bool     `json:"rejected,omitempty"`
	NoMatch  string   `json:"no_match,omitempty"` // without a binding: what becomes of the connection
	Shadowed []string `json:"shadowed,omitempty"`
	Listens  bool     `json:"listens"` // whether the server listens there
	Text     string   `json:"text"`    // the same for people
}

// A Step is one rule of a lookup.
type Step struct {
	Rule    string `json:"rule"`
	Tried   string `json:"tried,omitempty"`
	Outcome string `json:"outcome"` // skipped, missing, chosen or shadowed
	Binding string `json:"binding,omitempty"`
	Note    string `json:"note,omitempty"`
}

// Lookup tells how a connection would be led to its binding.
func (e *Estate) Lookup(local netip.AddrPort, sni string) (*Lookup, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.ready(); err != nil {
		return nil, err
	}
	path := e.plan.Setup.Table.Explain(local, sni)
	l := &Lookup{Local: local.String(), SNI: sni, Rule: path.Result.Rule.String(), Text: path.String(), Listens: e.listens(local)}
	for _, s := range path.Steps {
		step := Step{Rule: s.Rule.String(), Tried: s.Tried, Outcome: s.Outcome.String(), Note: s.Note}
		if s.Binding != nil {
			step.Binding = s.Binding.Key.String()
		}
		l.Steps = append(l.Steps, step)
	}
	if b := path.Result.Binding; b != nil {
		l.Binding, l.Site, l.Rejected = b.Key.String(), b.Settings.Site, b.Settings.Reject
		l.Certs = path.Result.Certificates()
	} else {
		l.NoMatch = path.Result.NoMatch.String()
	}
	for _, b := range path.Shadowed() {
		l.Shadowed = append(l.Shadowed, b.Key.String())
	}
	return l, nil
}

func (e *Estate) listens(local netip.AddrPort) bool {
	addr := local.Addr().Unmap()
	return slices.ContainsFunc(e.plan.Setup.HTTPS, func(a netip.AddrPort) bool {
		return a.Port() == local.Port() && (a.Addr() == addr || a.Addr().IsUnspecified() && a.Addr().Is4() == addr.Is4())
	})
}
