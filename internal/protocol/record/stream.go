package record

import (
	"crypto/hmac"
	"crypto/rc4"
	"hash"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// stream is RC4 with a MAC, for one direction. What is encrypted with it can be
// recovered in part by whoever sees enough of it (RFC 7465, which forbids it);
// it is for policies that name it.
type stream struct {
	cipher *rc4.Cipher
	mac    hash.Hash
	size   int // of the MAC, in bytes
	buf    [20]byte
}

func newStream(k *Keys) (*stream, error) {
	c, err := rc4.NewCipher(k.key[:k.params.KeyLen])
	if err != nil {
		return nil, err
	}
	return &stream{cipher: c, mac: newMAC(k), size: k.params.MAC.Size()}, nil
}

// sum gives the MAC of a header and a body. It is overwritten by the next.
func (s *stream) sum(head, body []byte) []byte {
	s.mac.Reset()
	s.mac.Write(head)
	s.mac.Write(body)
	return s.mac.Sum(s.buf[:0])
}

// sealStream protects a fragment: RFC 5246, section 6.2.3.1.
func (s *Sealer) sealStream(dst []byte, ct iana.ContentType, fragment []byte) []byte {
	start := len(dst)
	dst = append(grow(dst, len(fragment)+s.stream.size), fragment...)
	dst = append(dst, s.stream.sum(s.head12(ct, s.version, len(fragment)), fragment)...)
	s.stream.cipher.XORKeyStream(dst[start:], dst[start:])
	return dst
}

// openStream takes the protection off a record.
func (o *Opener) openStream(ct iana.ContentType, rec []byte) ([]byte, error) {
	body := rec[HeaderLen:]
	n := len(body) - o.stream.size
	if n < 0 {
		return nil, fault.BadRecordMAC
	}
	o.stream.cipher.XORKeyStream(body, body)
	if !hmac.Equal(o.stream.sum(o.head12(ct, versionOf(rec), n), body[:n]), body[n:]) {
		return nil, fault.BadRecordMAC
	}
	return body[:n], nil
}
