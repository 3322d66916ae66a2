package admin

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/handsel-tls/handsel/internal/serve/bindings"
	"github.com/handsel-tls/handsel/internal/serve/certs"
)

// A BindingList is all bindings, sorted by key.
type BindingList struct {
	Bindings []Binding `json:"bindings"`
}

// Bindings gives all bindings, sorted by key, with warnings if they are asked
// for.
func (e *Estate) Bindings(warnings bool) (list []Binding, err error) {
	text, err := e.bindingList(warnings)
	if err != nil {
		return nil, err
	}
	var all BindingList
	err = json.Unmarshal(text, &all)
	return all.Bindings, err
}

// bindingList gives a BindingList in JSON. Bindings of the store go into it as they
// stand there: among 100,000 of them it would take a second to read each and write
// it again.
func (e *Estate) bindingList(warnings bool) (json.RawMessage, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.ready(); err != nil {
		return nil, err
	}
	table, filed := e.plan.Setup.Table, map[bindings.Key]int{}
	for i, b := range e.plan.File().Bindings {
		if key, err := bindings.ParseKey(b.On); err == nil {
			filed[key] = i
		}
	}
	said := map[bindings.Key][]Warning{}
	if warnings {
		for _, w := range table.Check(e.plan.Setup.HTTPS) {
			for _, k := range w.Keys {
				if !w.Minor {
					said[k] = append(said[k], Warning{string(w.Code), w.Text})
				}
			}
		}
		for _, b := range table.Bindings() { // not below: that may read the database as well
			if more := e.certificateWarnings(b); len(more) > 0 {
				said[b.Key] = append(said[b.Key], more...)
			}
		}
	}
	list := append(make([]byte, 0, 256*(table.Len()+1)), `{"bindings":[`...)
	err := e.data.Parts.Texts(func(text func(bindings.Key) ([]byte, error)) (err error) {
		first := true
		for _, b := range table.Bindings() {
			origin, one := fromStore, []byte(nil)
			if i, ok := filed[b.Key]; ok {
				origin = fromFile
				one, err = json.Marshal(&e.plan.File().Bindings[i])
			} else {
				one, err = text(b.Key)
			}
			if err != nil {
				return err
			}
			if one == nil {
				continue
			}
			if !first {
				list = append(list, ',')
			}
			first = false
			if list, err = appendBinding(list, one, origin, said[b.Key]); err != nil {
				return err
			}
		}
		return nil
	})
	return append(list, "]}\n"...), err
}

// appendBinding appends a Binding: the JSON object of its settings, with the keys
// that the API adds.
func appendBinding(list, object []byte, origin string, warnings []Warning) ([]byte, error) {
	list = append(list, object[:len(object)-1]...) // without its brace
	list = append(list, `,"origin":"`+origin+`"`...)
	if len(warnings) > 0 {
		text, err := json.Marshal(warnings)
		if err != nil {
			return nil, err
		}
		list = append(append(list, `,"warnings":`...), text...)
	}
	return append(list, '}'), nil
}

// How Study goes about it: so that it takes a part of one processor.
const (
	studyBatch = 64
	studyRest  = 20 * time.Millisecond
)

// Study finds out what a list of bindings has to say of their certificates before
// somebody asks, and again when it has grown old, until the context is done. Most of
// it is noted in the store already; where it is not, to read 100,000 certificates
// takes some seconds, and minutes if their chains have to be verified.
func (e *Estate) Study(ctx context.Context) {
	for ctx.Err() == nil {
		for batch := range slices.Chunk(e.table().Bindings(), studyBatch) {
			var stored []certs.Thumbprint
			for _, b := range batch {
				for _, name := range b.Settings.Certificates {
					if t := certs.Thumbprint(name); t.IsSHA256() {
						stored = append(stored, t)
					} else {
						e.learn(b.Key, name)
					}
				}
			}
			// What cannot be noted, because the disk is full, is found out when it is asked for.
			if store := e.data.Store; store != nil {
				store.Review(stored)
			}
			if !rest(ctx, studyRest) {
				return
			}
		}
		rest(ctx, rememberFor)
	}
}

func (e *Estate) table() *bindings.Table {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.plan == nil {
		return nil
	}
	return e.plan.Setup.Table
}

// learn finds out what is to be known of a certificate, if the binding that names
// it is one of the store.
func (e *Estate) learn(k bindings.Key, name string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.plan.InFile(k) {
		e.fact(name)
	}
}

// rest waits, and reports whether the context is not done.
func rest(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
