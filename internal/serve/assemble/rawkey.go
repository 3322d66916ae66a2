package assemble

import (
	"fmt"

	"github.com/handsel-tls/handsel/internal/serve/bindings"
	"github.com/handsel-tls/handsel/internal/serve/certs"
)

// addRawKeys reads the raw public key that a binding shows, and those by which it
// knows its clients.
func (p *Plan) addRawKeys(at string, s *bindings.Settings) {
	if name := s.RawKey; name != "" && p.Setup.RawKeys[name] == nil {
		key, open, err := certs.ReadKey(p.file.Abs(name))
		if err != nil {
			p.wrong(at+".raw_key", err)
			return
		}
		if open {
			p.notice("%s: others on this computer can read the private key in it: chmod 600", name)
		}
		p.Setup.RawKeys[name] = key
	}
	for i, text := range s.ClientKeys {
		if p.Setup.ClientKeys[text] != nil {
			continue
		}
		hashes, err := certs.ReadKeyHashes(text, p.file.Abs)
		if err != nil {
			p.wrong(fmt.Sprintf("%s.client_keys[%d]", at, i), err)
			continue
		}
		p.Setup.ClientKeys[text] = hashes
	}
}
