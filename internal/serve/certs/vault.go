package certs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"go.etcd.io/bbolt"
)

// A Vault keeps values under names in the database of a store, encrypted as
// private keys are. It may be used by several goroutines.
type Vault struct {
	store  *Store
	bucket []byte
}

// A Value is what a vault has under a name.
type Value struct {
	Data    []byte
	Changed time.Time
}

// sealedValue is a Value in the database, as JSON.
type sealedValue struct {
	Sealed  []byte    `json:"sealed"`
	Changed time.Time `json:"changed"`
}

// Vault gives the vault of a name, and makes it.
func (s *Store) Vault(name string) (*Vault, error) {
	v := &Vault{s, []byte("vault-" + name)}
	return v, s.db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(v.bucket)
		return err
	})
}

// id binds what is encrypted to its place.
func (v *Vault) id(name string) []byte {
	return append(append(v.bucket[:len(v.bucket):len(v.bucket)], 0), name...)
}

// Put puts a value in place of what a name had.
func (v *Vault) Put(name string, data []byte) error {
	text, err := json.Marshal(sealedValue{v.store.seal.seal(data, v.id(name)), v.store.options.now().UTC()})
	if err != nil {
		return err
	}
	return v.store.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(v.bucket).Put([]byte(name), text) })
}

// Get gives the value of a name. The error is fs.ErrNotExist if there is none.
func (v *Vault) Get(name string) (value Value, err error) {
	var text []byte
	v.store.db.View(func(tx *bbolt.Tx) error {
		text = bytes.Clone(tx.Bucket(v.bucket).Get([]byte(name)))
		return nil
	})
	if text == nil {
		return value, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	var sealed sealedValue
	err = json.Unmarshal(text, &sealed)
	if err == nil {
		value.Changed = sealed.Changed
		value.Data, err = v.store.seal.open(sealed.Sealed, v.id(name))
	}
	if err != nil {
		return value, &Error{File: v.store.db.Path(), What: fmt.Sprintf("%s is damaged", name), Err: err}
	}
	return value, nil
}

// Names gives the names that begin so, sorted.
func (v *Vault) Names(begin string) (names []string) {
	v.store.db.View(func(tx *bbolt.Tx) error {
		c := tx.Bucket(v.bucket).Cursor()
		for k, _ := c.Seek([]byte(begin)); k != nil && bytes.HasPrefix(k, []byte(begin)); k, _ = c.Next() {
			names = append(names, string(k))
		}
		return nil
	})
	return names
}

// Delete takes names away, all or none.
func (v *Vault) Delete(names ...string) error {
	return v.store.db.Update(func(tx *bbolt.Tx) error {
		var errs []error
		for _, name := range names {
			errs = append(errs, tx.Bucket(v.bucket).Delete([]byte(name)))
		}
		return errors.Join(errs...)
	})
}
