// Package store keeps what an administrator has added to a server, in the words
// of handsel.yaml: bindings, sites, and where to listen. Certificates are beside
// them in the same database, in package certs.
//
// The store knows form only: what a binding means is for package config to say.
package store

import (
	"encoding/json"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/handsel-tls/handsel/internal/serve/bindings"
	"github.com/handsel-tls/handsel/internal/serve/config"
)

// The buckets of the database. Keys are a binding's key and a site's name, as
// text; values are JSON.
var (
	bucketBindings = []byte("bindings")
	bucketSites    = []byte("sites")
	bucketSettings = []byte("settings")
	keySettings    = []byte("server")
)

// Settings are what a server has once.
type Settings struct {
	// Listen says where to listen; without https, wherever bindings are.
	Listen  config.Listen `json:"listen,omitzero"`
	NoMatch string        `json:"no_match,omitempty"`
	Default string        `json:"default,omitempty"`
	ACME    *config.ACME  `json:"acme,omitempty"`

	AccessLog *config.AccessLog `json:"access_log,omitempty"`
}

// Contents are all that a store holds.
type Contents struct {
	Settings Settings         `json:"settings"`
	Bindings []config.Binding `json:"bindings"`
	Sites    []config.Site    `json:"sites"`
}

// Empty reports whether nobody has added anything.
func (c *Contents) Empty() bool { return len(c.Bindings)+len(c.Sites) == 0 }

// A Store is the part of a database with bindings, sites and settings. It may be
// used by several goroutines.
type Store struct{ db *bbolt.DB }

// New gives the store of a database, and makes its buckets.
func New(db *bbolt.DB) (*Store, error) {
	err := db.Update(func(tx *bbolt.Tx) error {
		for _, b := range [][]byte{bucketBindings, bucketSites, bucketSettings} {
			if _, err := tx.CreateBucketIfNotExists(b); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s cannot hold bindings: %w", db.Path(), err)
	}
	return &Store{db}, nil
}

// A Change is what is to be other than it was, all of it or nothing.
type Change struct {
	Put         []config.Binding // in place of those of their keys
	Remove      []bindings.Key
	PutSites    []config.Site // in place of those of their names
	RemoveSites []string
	Settings    *Settings // nil: they stay
}

// Update makes a change. Once it is written, and before it counts, then is
// called: an error of then undoes it. An error of Update itself may come after
// then was called, if the disk fails in the last moment.
func (s *Store) Update(c Change, then func() error) error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		if err := c.write(tx); err != nil {
			return fmt.Errorf("%s: %w", s.db.Path(), err)
		}
		if then == nil {
			return nil
		}
		return then()
	})
}

func (c *Change) write(tx *bbolt.Tx) error {
	all, sites := tx.Bucket(bucketBindings), tx.Bucket(bucketSites)
	var errs []error
	for _, k := range c.Remove {
		errs = append(errs, all.Delete([]byte(k.String())))
	}
	for _, name := range c.RemoveSites {
		errs = append(errs, sites.Delete([]byte(name)))
	}
	for _, b := range c.Put {
		key, err := bindings.ParseKey(b.On)
		b.On = key.String() // one key has one record, however it is written
		errs = append(errs, err, put(all, b.On, b))
	}
	for _, site := range c.PutSites {
		errs = append(errs, put(sites, site.Name, site))
	}
	if c.Settings != nil {
		errs = append(errs, put(tx.Bucket(bucketSettings), string(keySettings), c.Settings))
	}
	return errors.Join(errs...)
}

func put(b *bbolt.Bucket, key string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return b.Put([]byte(key), text)
}

// Binding gives the binding of a key. ok is false if there is none.
func (s *Store) Binding(k bindings.Key) (b config.Binding, ok bool, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		ok, err = get(tx.Bucket(bucketBindings), k.String(), &b)
		return err
	})
	return b, ok, s.damaged("binding "+k.String(), err)
}

// Texts calls do with what gives a binding as it stands in the store, in JSON, nil
// if there is none. The text is good until do returns, and do must not use the
// database in another way.
func (s *Store) Texts(do func(text func(bindings.Key) ([]byte, error)) error) error {
	return s.db.View(func(tx *bbolt.Tx) error {
		all := tx.Bucket(bucketBindings)
		return do(func(k bindings.Key) ([]byte, error) {
			text := all.Get([]byte(k.String()))
			if text != nil && !json.Valid(text) {
				return nil, s.damaged("binding "+k.String(), errors.New("it is not JSON"))
			}
			return text, nil
		})
	})
}

// Site gives the site of a name. ok is false if there is none.
func (s *Store) Site(name string) (site config.Site, ok bool, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		ok, err = get(tx.Bucket(bucketSites), name, &site)
		return err
	})
	return site, ok, s.damaged(fmt.Sprintf("site %q", name), err)
}

// Settings gives the settings.
func (s *Store) Settings() (set Settings, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		_, err := get(tx.Bucket(bucketSettings), string(keySettings), &set)
		return err
	})
	return set, s.damaged("what the server is set to", err)
}

func get(b *bbolt.Bucket, key string, to any) (bool, error) {
	text := b.Get([]byte(key))
	if text == nil {
		return false, nil
	}
	return true, json.Unmarshal(text, to)
}

func (s *Store) damaged(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s in %s cannot be read, remove it and add it again: %w", what, s.db.Path(), err)
}

// All gives everything, as it is at one moment. Bindings and sites are in the
// order of their keys as text.
func (s *Store) All() (c Contents, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		if _, err := get(tx.Bucket(bucketSettings), string(keySettings), &c.Settings); err != nil {
			return s.damaged("what the server is set to", err)
		}
		all := tx.Bucket(bucketBindings)
		c.Bindings = make([]config.Binding, 0, all.Stats().KeyN)
		err := all.ForEach(func(key, text []byte) error {
			var b config.Binding
			err := json.Unmarshal(text, &b)
			c.Bindings = append(c.Bindings, b)
			return s.damaged("binding "+string(key), err)
		})
		if err != nil {
			return err
		}
		return tx.Bucket(bucketSites).ForEach(func(key, text []byte) error {
			var site config.Site
			err := json.Unmarshal(text, &site)
			c.Sites = append(c.Sites, site)
			return s.damaged(fmt.Sprintf("site %q", key), err)
		})
	})
	return c, err
}
