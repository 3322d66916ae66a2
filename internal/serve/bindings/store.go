package bindings

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"
)

// bucket holds the bindings in the database: the key as text, the value as JSON.
var bucket = []byte("bindings")

// The errors of a Store, for errors.Is.
var (
	ErrExists   = errors.New("there is a binding for it already")
	ErrNotFound = errors.New("there is no binding for it")
)

// A Store keeps bindings in a database that may hold other things as well. It
// may be used by several goroutines.
type Store struct {
	db *bbolt.DB
}

// NewStore gives the store of a database, and makes its bucket.
func NewStore(db *bbolt.DB) (*Store, error) {
	err := db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(bucket)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("bindings in %s: %w", db.Path(), err)
	}
	return &Store{db}, nil
}

// Add stores a new binding. If its key has one already the error is ErrExists
// and that one stays as it is.
func (s *Store) Add(b Binding) error {
	return s.put(b, func(there bool) error {
		if there {
			return fmt.Errorf("%w: change it, or remove it first", ErrExists)
		}
		return nil
	})
}

// Set stores a binding, in place of the one its key has.
func (s *Store) Set(b Binding) error {
	return s.put(b, func(bool) error { return nil })
}

// put stores a binding if allow, told whether its key has one, agrees.
func (s *Store) put(b Binding, allow func(there bool) error) error {
	if b.Key.Kind() == 0 {
		return fmt.Errorf("a binding without a key cannot be stored")
	}
	if _, err := b.Settings.EffectivePolicy(); err != nil {
		return fmt.Errorf("binding %s: %w", b.Key, err)
	}
	value, err := json.Marshal(b)
	if err != nil {
		return fmt.Errorf("binding %s: %w", b.Key, err)
	}
	err = s.db.Update(func(tx *bbolt.Tx) error {
		all, key := tx.Bucket(bucket), []byte(b.Key.String())
		if err := allow(all.Get(key) != nil); err != nil {
			return err
		}
		return all.Put(key, value)
	})
	if err != nil {
		return fmt.Errorf("binding %s: %w", b.Key, err)
	}
	return nil
}

// Get gives the binding of a key, or ErrNotFound.
func (s *Store) Get(key Key) (Binding, error) {
	var b Binding
	err := s.db.View(func(tx *bbolt.Tx) error {
		value := tx.Bucket(bucket).Get([]byte(key.String()))
		if value == nil {
			return ErrNotFound
		}
		return json.Unmarshal(value, &b)
	})
	if err != nil {
		return Binding{}, fmt.Errorf("binding %s: %w", key, err)
	}
	return b, nil
}

// Remove takes the binding of a key away, and gives it back. The error is
// ErrNotFound if there is none.
func (s *Store) Remove(key Key) (Binding, error) {
	var b Binding
	err := s.db.Update(func(tx *bbolt.Tx) error {
		all, name := tx.Bucket(bucket), []byte(key.String())
		value := all.Get(name)
		if value == nil {
			return ErrNotFound
		}
		// What cannot be read can still be removed: b stays empty then.
		if json.Unmarshal(value, &b) != nil {
			b = Binding{Key: key}
		}
		return all.Delete(name)
	})
	if err != nil {
		return Binding{}, fmt.Errorf("binding %s: %w", key, err)
	}
	return b, nil
}

// List gives all bindings, sorted by key.
func (s *Store) List() ([]Binding, error) {
	var list []Binding
	err := s.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(bucket).ForEach(func(key, value []byte) error {
			var b Binding
			if err := json.Unmarshal(value, &b); err != nil {
				return fmt.Errorf("binding %s in %s cannot be read, remove it and add it again: %w", key, s.db.Path(), err)
			}
			list = append(list, b)
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b Binding) int { return a.Key.Compare(b.Key) })
	return list, nil
}

// Table makes a table of all bindings.
func (s *Store) Table(opts Options) (*Table, error) {
	list, err := s.List()
	if err != nil {
		return nil, err
	}
	return NewTable(list, opts)
}
