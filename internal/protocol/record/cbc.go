package record

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/binary"
	"hash"
	"io"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
)

// cbc is a block cipher with a MAC, for one direction.
type cbc struct {
	block cipher.Block
	mac   hash.Hash // HMAC
	key   [48]byte  // of the MAC
	size  int       // of the MAC, in bytes
	kind  suite.MAC
}

func newCBC(k *Keys) (*cbc, error) {
	block, err := aes.NewCipher(k.key[:k.params.KeyLen])
	if err != nil {
		return nil, err
	}
	c := &cbc{block: block, kind: k.params.MAC, size: k.params.MAC.Size(), key: k.mac}
	c.mac = hmac.New(newHash(c.kind), c.key[:c.size])
	return c, nil
}

func newHash(m suite.MAC) func() hash.Hash {
	switch m {
	case suite.SHA256:
		return sha256.New
	case suite.SHA384:
		return sha512.New384
	}
	return sha1.New
}

// sum gives the MAC of the parts.
func (c *cbc) sum(dst []byte, parts ...[]byte) []byte {
	c.mac.Reset()
	for _, p := range parts {
		c.mac.Write(p)
	}
	return c.mac.Sum(dst)
}

// sealCBC protects a fragment with an explicit IV: RFC 5246, section 6.2.3.2,
// and RFC 7366, section 3.
func (s *Sealer) sealCBC(dst []byte, at int, ct iana.ContentType, fragment []byte) []byte {
	c := s.cbc
	size := c.block.BlockSize()
	start := at + HeaderLen
	dst = append(dst, make([]byte, size)...)
	if _, err := io.ReadFull(s.rand, dst[start:start+size]); err != nil {
		panic("record: no randomness: " + err.Error())
	}
	dst = append(dst, fragment...)
	if s.form == cbc12 {
		ad := header12(s.seq, ct, s.version, len(fragment))
		dst = c.sum(dst, ad[:], fragment)
	}
	pad := size - (len(dst)-start)%size
	for range pad {
		dst = append(dst, byte(pad-1))
	}
	body := dst[start+size:]
	cipher.NewCBCEncrypter(c.block, dst[start:start+size]).CryptBlocks(body, body)
	if s.form == cbc12etm {
		ad := header12(s.seq, ct, s.version, len(dst)-start)
		dst = c.sum(dst, ad[:], dst[start:])
	}
	return dst
}

// openCBC takes the protection off a record. How long it takes depends on the
// length of the record alone: not on the padding, not on which check failed.
func (o *Opener) openCBC(ct iana.ContentType, rec []byte) ([]byte, error) {
	c := o.cbc
	size := c.block.BlockSize()
	body := rec[HeaderLen:]
	version := iana.Version(binary.BigEndian.Uint16(rec[1:]))
	if o.form == cbc12etm {
		n := len(body) - c.size
		if n < 2*size {
			return nil, fault.BadRecordMAC
		}
		ad := header12(o.seq, ct, version, n)
		var mac [48]byte
		if !hmac.Equal(c.sum(mac[:0], ad[:], body[:n]), body[n:]) {
			return nil, fault.BadRecordMAC
		}
		body = body[:n]
	}
	// An IV and a block at least, and room for a MAC and a byte of padding.
	least := 2 * size
	if o.form == cbc12 {
		least = size + (c.size/size+1)*size
	}
	if len(body)%size != 0 || len(body) < least {
		return nil, fault.BadRecordMAC
	}
	iv, body := body[:size], body[size:]
	cipher.NewCBCDecrypter(c.block, iv).CryptBlocks(body, body)

	macLen := 0
	if o.form == cbc12 {
		macLen = c.size
	}
	n, good := unpad(body, macLen)
	if o.form == cbc12 {
		ad := header12(o.seq, ct, version, 0)
		good &= c.checkMAC(ad, body, n)
	}
	if good != 1 {
		return nil, fault.BadRecordMAC
	}
	return body[:n], nil
}

// unpad gives the length of the content before a MAC of macLen bytes and the
// padding, in constant time, and 1 if the padding is right. If it is not, the
// length is as if there were one byte of it, so that a MAC can be computed all
// the same.
func unpad(body []byte, macLen int) (n, good int) {
	pad := int(body[len(body)-1])
	fits := subtle.ConstantTimeLessOrEq(pad+1+macLen, len(body))
	var wrong byte
	for i := range min(256, len(body)) { // from the end
		within := byte(-subtle.ConstantTimeLessOrEq(i, pad))
		wrong |= within & (body[len(body)-1-i] ^ byte(pad))
	}
	good = fits & subtle.ConstantTimeByteEq(wrong, 0)
	pad = subtle.ConstantTimeSelect(good, pad, 0)
	return len(body) - macLen - 1 - pad, good
}
