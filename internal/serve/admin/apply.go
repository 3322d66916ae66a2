package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/handsel-tls/handsel/internal/serve/assemble"
	"github.com/handsel-tls/handsel/internal/serve/bindings"
	"github.com/handsel-tls/handsel/internal/serve/certs"
	"github.com/handsel-tls/handsel/internal/serve/config"
	"github.com/handsel-tls/handsel/internal/serve/store"
)

// An Application is what the store is to hold, and nothing else.
type Application struct {
	Contents     store.Contents `json:"contents"`
	Certificates []Supplied     `json:"certificates,omitempty"` // by which bindings call theirs
	DryRun       bool           `json:"dry_run,omitempty"`      // only tell the difference
}

// A Supplied is a certificate under the name by which bindings of an application
// call it: as files, or as one that there is.
type Supplied struct {
	Name   string         `json:"name"`
	Files  []certs.Source `json:"files,omitempty"`
	Signer []string       `json:"signer,omitempty"` // the program that signs, if it holds the key
	Is     string         `json:"is,omitempty"`     // thumbprint, local-ca:NAMES or acme:NAME
}

// A Difference is what an application makes other than it was.
type Difference struct {
	Action string  `json:"action"` // add, change or remove
	Kind   string  `json:"kind"`   // binding, site, certificate or settings
	Name   string  `json:"name"`
	Fields []Field `json:"fields,omitempty"` // that change
}

// A Field is a key whose value changes. Values are JSON; "" is none.
type Field struct {
	Key    string `json:"key"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// Applied is the answer to an application.
type Applied struct {
	Differences []Difference `json:"differences"`
	Done        bool         `json:"done"`
	Warnings    []Warning    `json:"warnings,omitempty"`
}

// Apply makes the store equal to an application: all of it, or, if anything is
// wrong, nothing. Certificates that are no longer named stay in the store.
func (e *Estate) Apply(a Application) (*Applied, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.ready(); err != nil {
		return nil, err
	}
	done := &Applied{Differences: []Difference{}}
	pairs, err := e.supplied(&a, done)
	if err != nil {
		return nil, err
	}
	if err := e.checkContents(&a.Contents); err != nil {
		return nil, fail("wrong", err)
	}
	before, err := e.data.Parts.All()
	if err != nil {
		return nil, err
	}
	change := difference(&before, &a.Contents, done)
	if a.DryRun || len(done.Differences) == 0 {
		return done, nil
	}
	if _, err := e.data.Store.AddAll(pairs); err != nil { // what nothing names yet harms nobody
		return nil, err
	}
	e.facts.forget()
	next, err := assemble.Proposed(e.plan.File(), e.data, &a.Contents)
	if err != nil {
		return nil, wrongOr(err)
	}
	if err := e.change(change, next); err != nil {
		return nil, fail("failed", err)
	}
	for _, n := range next.Notices {
		done.Warnings = append(done.Warnings, Warning{"note", n})
	}
	done.Done = true
	return done, nil
}

// supplied reads the certificates of an application, and has its bindings call
// them as the store does.
func (e *Estate) supplied(a *Application, done *Applied) (pairs []certs.From, err error) {
	is := map[string]string{}
	for _, s := range a.Certificates {
		if a.DryRun && strings.HasPrefix(s.Is, assemble.LocalCA) { // nothing is issued for that
			is[s.Name] = s.Is
			continue
		}
		if len(s.Files) == 0 {
			if is[s.Name], err = e.reference(s.Is, bindings.Key{}); err != nil {
				return nil, fail("wrong", fmt.Errorf("certificate %q: %w", s.Name, err))
			}
			continue
		}
		pair, notices, err := certs.Read(certs.Options{Signer: s.Signer}, s.Files...)
		if err != nil {
			return nil, fail("wrong", fmt.Errorf("certificate %q: %w", s.Name, err))
		}
		done.Warnings = append(done.Warnings, asWarnings(notices)...)
		t := string(certs.ThumbprintOf(pair.Leaf()))
		is[s.Name] = t
		if _, _, err := e.data.Store.Show(t); err != nil {
			pairs = append(pairs, certs.From{Pair: pair, From: s.Files[0].Name})
			done.Differences = append(done.Differences, Difference{Action: "add", Kind: "certificate", Name: t})
		}
	}
	for i := range a.Contents.Bindings {
		b := &a.Contents.Bindings[i]
		for j, name := range b.Certificates {
			if full, ok := is[name]; ok {
				b.Certificates[j] = full
				continue
			}
			key, _ := bindings.ParseKey(b.On)
			if b.Certificates[j], err = e.reference(name, key); err != nil {
				return nil, fail("wrong", fmt.Errorf("binding %s: %w", b.On, err))
			}
		}
	}
	return pairs, nil
}

// checkContents refuses what cannot be served, and writes each key in one way.
func (e *Estate) checkContents(c *store.Contents) error {
	var errs []error
	names := slices.Clone(e.plan.File().Sites)
	names = append(names, c.Sites...)
	siteNames := make([]string, len(names))
	for i, s := range names {
		siteNames[i] = s.Name
	}
	known := config.Known{Site: config.OneOf("site", siteNames), Certificate: func(string) error { return nil }}
	seen, seenSites, places := map[bindings.Key]bool{}, map[string]bool{}, map[string]string{}
	for i := range c.Bindings {
		checked, err := config.CheckBinding(c.Bindings[i], known)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if seen[checked.Key] {
			errs = append(errs, fmt.Errorf("binding %v is there twice", checked.Key))
		}
		seen[checked.Key] = true
		c.Bindings[i].On = checked.Key.String()
	}
	for _, s := range c.Sites {
		errs = append(errs, config.CheckSite(s))
		if seenSites[s.Name] {
			errs = append(errs, fmt.Errorf("site %q is there twice", s.Name))
		}
		seenSites[s.Name] = true
		for _, h := range s.Hosts {
			if other, ok := places[s.Place(h)]; ok && other != s.Name {
				errs = append(errs, fmt.Errorf("site %q: site %q has the host %s and this path already", s.Name, other, h))
			}
			places[s.Place(h)] = s.Name
		}
	}
	set := c.Settings
	return errors.Join(append(errs, config.CheckListen(set.Listen, set.NoMatch, set.Default), config.CheckACME(set.ACME), config.CheckAccessLog(set.AccessLog))...)
}

// difference compares two contents, and gives the change that leads from one to
// the other.
func difference(before, after *store.Contents, done *Applied) (c store.Change) {
	keyed := func(list []config.Binding) map[string]config.Binding {
		m := map[string]config.Binding{}
		for _, b := range list {
			m[b.On] = b
		}
		return m
	}
	named := func(list []config.Site) map[string]config.Site {
		m := map[string]config.Site{}
		for _, s := range list {
			m[s.Name] = s
		}
		return m
	}
	removed, put := compare("binding", keyed(before.Bindings), keyed(after.Bindings), done)
	for _, text := range removed {
		if key, err := bindings.ParseKey(text); err == nil {
			c.Remove = append(c.Remove, key)
		}
	}
	c.Put = put
	c.RemoveSites, c.PutSites = compare("site", named(before.Sites), named(after.Sites), done)
	if fields := fieldsOf(before.Settings, after.Settings); len(fields) > 0 {
		c.Settings = &after.Settings
		done.Differences = append(done.Differences, Difference{Action: "change", Kind: "settings", Name: "server", Fields: fields})
	}
	return c
}

// compare notes what differs between two sets of one kind.
func compare[T any](kind string, before, after map[string]T, done *Applied) (removed []string, put []T) {
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if _, stays := after[name]; !stays {
			removed = append(removed, name)
			done.Differences = append(done.Differences, Difference{Action: "remove", Kind: kind, Name: name})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		old, there := before[name]
		fields := fieldsOf(old, after[name])
		if there && len(fields) == 0 {
			continue
		}
		put = append(put, after[name])
		action := "change"
		if !there {
			action = "add"
		}
		done.Differences = append(done.Differences, Difference{Action: action, Kind: kind, Name: name, Fields: fields})
	}
	return removed, put
}

// fieldsOf gives the keys in which two values differ as JSON.
func fieldsOf(before, after any) (list []Field) {
	was, is := asObject(before), asObject(after)
	keys := slices.Collect(maps.Keys(was))
	for k := range is {
		if _, both := was[k]; !both {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for _, k := range keys {
		if string(was[k]) != string(is[k]) {
			list = append(list, Field{k, string(was[k]), string(is[k])})
		}
	}
	return list
}

func asObject(v any) map[string]json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	m := map[string]json.RawMessage{}
	if json.Unmarshal(text, &m) != nil {
		return nil
	}
	return m
}

func applyContents(e *Estate, r *http.Request) (any, error) {
	a, err := read[Application](r)
	if err != nil {
		return nil, err
	}
	return e.Apply(a)
}
