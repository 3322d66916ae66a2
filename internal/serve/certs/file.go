package certs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// makeFile makes a file for the owner only, in full or not at all, whenever the
// process ends. One that is there stays: the error is then fs.ErrExist.
func makeFile(file string, text []byte) error {
	temp, err := writeTemp(filepath.Dir(file), text, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(temp)
	err = os.Link(temp, file) // unlike Rename it does not replace
	if err != nil && !errors.Is(err, fs.ErrExist) {
		err = os.Rename(temp, file) // a file system without links
	}
	return err
}

// replaceFile puts a file in the place of another, in full or not at all.
func replaceFile(file string, text []byte, mode fs.FileMode) error {
	temp, err := writeTemp(filepath.Dir(file), text, mode)
	if err != nil {
		return err
	}
	if err := os.Rename(temp, file); err != nil {
		os.Remove(temp)
		return err
	}
	return nil
}

// writeTemp writes a file in full, under a name that nothing else has.
func writeTemp(dir string, text []byte, mode fs.FileMode) (name string, err error) {
	f, err := os.CreateTemp(dir, ".new-*") // mode 0600
	if err != nil {
		return "", err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err != nil {
		os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}
