package certs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// lockTimeout is how long opening waits for another process to let go.
const lockTimeout = time.Second

// OpenDB opens the database file that holds certificates with their private
// keys, and makes it and its folder if they are not there, for the owner only.
// A file that others can read is refused. One process at a time can have it
// open.
func OpenDB(path string) (*bbolt.DB, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, &Error{File: path, What: "cannot be made", Err: err}
	}
	if err := OwnerOnly(path); err != nil {
		return nil, err
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockTimeout})
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return nil, &Error{File: path, What: "is in use by another process", Err: err,
			Hint: "a running server keeps it open: change things through the server, or stop it first"}
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrVersionMismatch), errors.Is(err, berrors.ErrChecksum):
		return nil, &Error{File: path, What: "is no database of this program, or it is damaged", Err: err,
			Hint: "put it back from a backup, or move it away to begin with an empty one"}
	case err != nil:
		return nil, &Error{File: path, What: "cannot be opened", Err: withoutPath(err)}
	}
	return db, nil
}

// OwnerOnly refuses a file with secret keys that others can read. It does not
// put it right silently: somebody may have read it already.
func OwnerOnly(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || runtime.GOOS == "windows" { // Windows has no such modes
		return nil
	}
	if err != nil {
		return &Error{File: path, What: "cannot be read", Err: withoutPath(err)}
	}
	if info.Mode().Perm()&0o077 != 0 {
		return &Error{File: path, What: fmt.Sprintf("holds secret keys and can be read by others (mode %04o)", info.Mode().Perm()),
			Hint: "chmod 600 " + shellQuote(path) + ", and think about who may have read it"}
	}
	return nil
}
