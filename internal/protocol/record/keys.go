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
	rules  Rules
	key    [32]byte
	iv     [16]byte
	mac    [48]byte
}

// Keys13 gives the keys of a traffic secret of TLS 1.3. RFC 9846, section 7.3.
func Keys13(id iana.Suite, traffic schedule.Secret) (k Keys) {
	k.params, _ = suite.Of(id)
	k.form = aead13
	var iv [12]byte
	k.key, iv = traffic.TrafficKeys(k.params.KeyLen)
	copy(k.iv[:], iv[:])
	return k
}

// BlockLen is the length of the key block that KeysBlock takes, in bytes.
// Rules that chain have the initialization vectors of CBC in it.
func BlockLen(p suite.Params, r Rules) int {
	return 2 * (p.MAC.Size() + p.KeyLen + ivLen(p, r))
}

// ivLen is how much of the nonce or the initialization vector comes from the
// key block.
func ivLen(p suite.Params, r Rules) int {
	switch {
	case p.Cipher == suite.AESGCM:
		return 4
	case p.Cipher == suite.ChaCha20Poly1305:
		return 12
	case r.Chained:
		return p.Cipher.BlockSize()
	}
	return 0
}

// KeysBlock cuts the key block of TLS 1.2 and below into the keys of the two
// directions. RFC 5246 and RFC 2246, section 6.3. etm says whether
// encrypt_then_mac was agreed.
func KeysBlock(p suite.Params, block []byte, etm bool, r Rules) (client, server Keys) {
	cut := func(dst []byte) { block = block[copy(dst, block):] }
	client.params, client.form, client.rules = p, formOf(p, etm), r
	server.params, server.form, server.rules = client.params, client.form, client.rules
	cut(client.mac[:p.MAC.Size()])
	cut(server.mac[:p.MAC.Size()])
	cut(client.key[:p.KeyLen])
	cut(server.key[:p.KeyLen])
	cut(client.iv[:ivLen(p, r)])
	cut(server.iv[:ivLen(p, r)])
	return client, server
}

func formOf(p suite.Params, etm bool) form {
	switch {
	case p.Cipher == suite.AESGCM:
		return aead12e
	case p.Cipher == suite.ChaCha20Poly1305:
		return aead12x
	case p.Cipher == suite.RC4:
		return rc4MtE
	case etm:
		return cbcEtM
	}
	return cbcMtE
}
