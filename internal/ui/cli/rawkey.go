package cli

import (
	"github.com/handsel-tls/handsel/internal/serve/certs"
	"github.com/handsel-tls/handsel/tls"
)

// rawKeys sets what --raw-key and --peer-key say.
func (f *connectFlags) rawKeys(c *tls.Config) (err error) {
	if f.rawKey != "" {
		if c.RawPublicKey, _, err = certs.ReadKey(f.rawKey); err != nil {
			return err
		}
	}
	for _, text := range f.peerKeys {
		hashes, err := certs.ReadKeyHashes(text, func(name string) string { return name })
		if err != nil {
			return err
		}
		c.PeerPublicKeys = append(c.PeerPublicKeys, hashes...)
	}
	return nil
}
