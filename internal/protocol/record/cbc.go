package record

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"hash"
	"io"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
)

// cbc is a block cipher with a MAC, for one direction.
type cbc struct {
	mode  blockMode // of this direction
	mac   hash.Hash
	size  int    // of the MAC, in bytes
	lucky *lucky // only to open what was encrypted after its MAC
	rules Rules
	buf   [48]byte // of a MAC
}

// A blockMode is made once for all records: the standard library's modes of CBC
// let the initialization vector be set.
type blockMode interface {
	cipher.BlockMode
	SetIV([]byte)
}

func newCBC(k *Keys, opens bool) (*cbc, error) {
	newCipher := aes.NewCipher
	if k.params.Cipher == suite.TripleDESCBC {
		newCipher = des.NewTripleDESCipher
	}
	block, err := newCipher(k.key[:k.params.KeyLen])
	if err != nil {
		return nil, err
	}
	c := &cbc{size: k.params.MAC.Size(), rules: k.rules}
	// Unless they are chained, the vector is set anew for each record.
	key, iv := k.mac[:c.size], k.iv[:block.BlockSize()]
	c.mac = newMAC(k)
	if !opens {
		c.mode = cipher.NewCBCEncrypter(block, iv).(blockMode)
		return c, nil
	}
	c.mode = cipher.NewCBCDecrypter(block, iv).(blockMode)
	if k.form == cbcMtE {
		c.lucky = newLucky(k.params.MAC, key, k.rules)
	}
	return c, nil
}

func newHash(m suite.MAC) func() hash.Hash {
	switch m {
	case suite.MD5:
		return md5.New
	case suite.SHA256:
		return sha256.New
	case suite.SHA384:
		return sha512.New384
	}
	return sha1.New
}

// newMAC gives the MAC of a direction.
func newMAC(k *Keys) hash.Hash {
	h, key := newHash(k.params.MAC), k.mac[:k.params.MAC.Size()]
	if k.rules.Pads {
		return newPadMAC(h(), key)
	}
	return hmac.New(h, key)
}

// sum gives the MAC of a header and a body. It is overwritten by the next.
func (c *cbc) sum(head, body []byte) []byte {
	c.mac.Reset()
	c.mac.Write(head)
	c.mac.Write(body)
	return c.mac.Sum(c.buf[:0])
}

// ivLen is the length of the initialization vector in a record, in bytes.
func (c *cbc) ivLen() int {
	if c.rules.Chained {
		return 0
	}
	return c.mode.BlockSize()
}

// sealCBC protects a fragment: RFC 5246 and RFC 2246, section 6.2.3.2, and RFC
// 7366, section 3.
func (s *Sealer) sealCBC(dst []byte, ct iana.ContentType, fragment []byte) []byte {
	c := s.cbc
	size := c.mode.BlockSize()
	start := len(dst)
	dst = grow(dst, size+len(fragment)+2*c.size+size)[:start+c.ivLen()]
	iv := dst[start:]
	if _, err := io.ReadFull(s.rand, iv); err != nil {
		s.err = fault.With(fault.Internal, "no randomness: %w", err)
		return dst
	}
	dst = append(dst, fragment...)
	if s.form == cbcMtE {
		dst = append(dst, c.sum(s.head12(ct, s.version, len(fragment)), fragment)...)
	}
	pad := size - (len(dst)-start)%size // the vector is a whole block, or nothing
	for range pad {
		dst = append(dst, byte(pad-1))
	}
	body := dst[start+len(iv):]
	c.crypt(iv, body)
	if s.form == cbcEtM {
		dst = append(dst, c.sum(s.head12(ct, s.version, len(dst)-start), dst[start:])...)
	}
	return dst
}

// crypt encrypts or decrypts the body in place. Without a vector of its own it
// goes on from the last block of the record before.
func (c *cbc) crypt(iv, body []byte) {
	if !c.rules.Chained {
		c.mode.SetIV(iv)
	}
	c.mode.CryptBlocks(body, body)
}

// openCBC takes the protection off a record. How long it takes depends on the
// length of the record alone: not on the padding, not on which check failed.
func (o *Opener) openCBC(ct iana.ContentType, rec []byte) ([]byte, error) {
	c := o.cbc
	size := c.mode.BlockSize()
	body := rec[HeaderLen:]
	version := versionOf(rec)
	// An IV, and blocks with room for a byte of padding and for the MAC unless
	// that comes after them.
	least := c.ivLen() + size
	if o.form == cbcMtE {
		least = c.ivLen() + (c.size/size+1)*size
	} else {
		n := len(body) - c.size
		if n < least || !hmac.Equal(c.sum(o.head12(ct, version, n), body[:n]), body[n:]) {
			return nil, fault.BadRecordMAC
		}
		body = body[:n]
	}
	if len(body)%size != 0 || len(body) < least {
		return nil, fault.BadRecordMAC
	}
	c.crypt(body[:c.ivLen()], body[c.ivLen():])
	body = body[c.ivLen():]

	macLen := 0
	if o.form == cbcMtE {
		macLen = c.size
	}
	n, good := c.unpad(body, macLen)
	if o.form == cbcMtE {
		good &= c.lucky.check(o.head12(ct, version, n), body, n)
	}
	if good != 1 {
		return nil, fault.BadRecordMAC
	}
	return body[:n], nil
}

func (c *cbc) unpad(body []byte, macLen int) (n, good int) {
	if c.rules.Pads {
		return unpadFree(body, macLen, c.mode.BlockSize())
	}
	return unpad(body, macLen)
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
