package cli

import (
	"errors"
	"fmt"
	"slices"

	"github.com/handsel-tls/handsel/internal/serve/psks"
	"github.com/handsel-tls/handsel/tls"
)

// preSharedKeys sets what --psk-file and --psk-identity say.
func (f *connectFlags) preSharedKeys(c *tls.Config) error {
	if f.pskFile == "" {
		if f.pskIdentity != "" {
			return errors.New("--psk-identity names a key of a file: name that with --psk-file")
		}
		return nil
	}
	keys, err := psks.Read(f.pskFile)
	if err != nil {
		return err
	}
	if f.pskIdentity != "" {
		keys = slices.DeleteFunc(keys, func(k tls.PreSharedKey) bool { return string(k.Identity) != f.pskIdentity })
		if len(keys) == 0 {
			return fmt.Errorf("%s has no key of the identity %q", f.pskFile, f.pskIdentity)
		}
	}
	c.PreSharedKeys, c.RequirePreSharedKey = keys, f.ca == ""
	return nil
}
