package acme

import (
	"context"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/caddyserver/certmagic"

	"github.com/handsel-tls/handsel/internal/serve/certs"
)

// storage is certmagic's storage in the database of certificates. Names have
// slashes in them, as those of files. One process has the database, so that locks
// are those of this process.
type storage struct {
	vault *certs.Vault

	mu    sync.Mutex
	locks map[string]chan struct{} // closed when the lock is free
}

var _ certmagic.Storage = (*storage)(nil)

func (s *storage) Store(_ context.Context, key string, value []byte) error {
	return s.vault.Put(key, value)
}

func (s *storage) Load(_ context.Context, key string) ([]byte, error) {
	v, err := s.vault.Get(key)
	return v.Data, err
}

// below gives the names under a key, if it stands for a folder.
func (s *storage) below(key string) []string {
	if key == "" {
		return s.vault.Names("")
	}
	return s.vault.Names(strings.TrimSuffix(key, "/") + "/")
}

func (s *storage) Delete(_ context.Context, key string) error {
	return s.vault.Delete(append(s.below(key), key)...)
}

func (s *storage) Exists(_ context.Context, key string) bool {
	return len(s.below(key)) > 0 || slices.Contains(s.vault.Names(key), key)
}

func (s *storage) List(_ context.Context, path string, recursive bool) ([]string, error) {
	begin := strings.TrimSuffix(path, "/") + "/"
	if path == "" {
		begin = ""
	}
	var list []string
	for _, name := range s.below(path) {
		if rest := strings.TrimPrefix(name, begin); !recursive {
			first, _, _ := strings.Cut(rest, "/")
			name = begin + first
		}
		if len(list) == 0 || list[len(list)-1] != name {
			list = append(list, name)
		}
	}
	if len(list) == 0 {
		return nil, fs.ErrNotExist
	}
	return list, nil
}

func (s *storage) Stat(_ context.Context, key string) (certmagic.KeyInfo, error) {
	v, err := s.vault.Get(key)
	switch {
	case err == nil:
		return certmagic.KeyInfo{Key: key, Modified: v.Changed, Size: int64(len(v.Data)), IsTerminal: true}, nil
	case len(s.below(key)) > 0:
		return certmagic.KeyInfo{Key: key}, nil
	}
	return certmagic.KeyInfo{}, err
}

func (s *storage) Lock(ctx context.Context, name string) error {
	for {
		s.mu.Lock()
		held := s.locks[name]
		if held == nil {
			s.locks[name] = make(chan struct{})
			s.mu.Unlock()
			return nil
		}
		s.mu.Unlock()
		select {
		case <-held:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *storage) Unlock(_ context.Context, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if held := s.locks[name]; held != nil {
		close(held)
		delete(s.locks, name)
	}
	return nil
}
