package record

import (
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
)

// Keys is all that one direction needs. It is a value and holds secrets: wipe
// it after use.
type Keys struct {
	params suite.Params
	form   form
	key    [32]byte
	iv     [12]byte
	mac    [48]byte
}

// Keys13 gives the keys of a traffic secret of TLS 1.3. RFC 9846, section 7.3.
func Keys13(id iana.Suite, traffic schedule.Secret) (k Keys) {
	k.params, _ = suite.Of(id)
	k.form = aead13
	k.key, k.iv = traffic.TrafficKeys(k.params.KeyLen)
	return k
}

// BlockLen12 is the length of the key block that KeysBlock12 takes, in bytes.
func BlockLen12(p suite.Params) int { return 2 * (p.MAC.Size() + p.KeyLen + ivLen(p)) }

// ivLen is how much of the nonce comes from the key block.
func ivLen(p suite.Params) int {
	switch p.Cipher {
	case suite.AESGCM:
		return 4
	case suite.ChaCha20Poly1305:
		return 12
	}
	return 0
}

// KeysBlock12 cuts the key block of TLS 1.2 into the keys of the two
// directions. RFC 5246, section 6.3. etm says whether encrypt_then_mac was
// agreed.
func KeysBlock12(p suite.Params, block []byte, etm bool) (client, server Keys) {
	cut := func(dst []byte) { block = block[copy(dst, block):] }
	client.params, client.form = p, form12(p, etm)
	server.params, server.form = client.params, client.form
	cut(client.mac[:p.MAC.Size()])
	cut(server.mac[:p.MAC.Size()])
	cut(client.key[:p.KeyLen])
	cut(server.key[:p.KeyLen])
	cut(client.iv[:ivLen(p)])
	cut(server.iv[:ivLen(p)])
	return client, server
}

func form12(p suite.Params, etm bool) form {
	switch {
	case p.Cipher == suite.AESGCM:
		return aead12e
	case p.Cipher == suite.ChaCha20Poly1305:
		return aead12x
	case etm:
		return cbc12etm
	}
	return cbc12
}
