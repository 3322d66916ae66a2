// Package sslv2 is SSL 2.0, in a corner of its own: K. Hickman, "The SSL
// Protocol" (1995). It is broken: one key both encrypts and authenticates, with
// MD5, nothing protects the choice of the cipher, nothing tells the end of the
// data from a cut, and a server that speaks it endangers every other use of its
// key (DROWN, CVE-2016-0800). It is here for those who have to find out who
// still speaks it, and is spoken only where a setting names it; a server with
// that setting speaks nothing else.
//
// Ciphers of 40 and 56 bits are not implemented, nor is RC2, which no
// well-kept library has.
package sslv2

import (
	"bytes"
	"crypto/cipher"
	"crypto/des"
	"crypto/md5"
	"crypto/rc4"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// A Kind is a CIPHER-KIND: three bytes.
type Kind uint32

// The kinds that are implemented.
const (
	RC4_128          Kind = 0x010080
	DES_192_EDE3_CBC Kind = 0x0700c0
)

func (k Kind) String() string {
	switch k {
	case RC4_128:
		return "SSL_CK_RC4_128_WITH_MD5"
	case DES_192_EDE3_CBC:
		return "SSL_CK_DES_192_EDE3_CBC_WITH_MD5"
	}
	return "SSL_CK_" + string("0123456789abcdef"[k>>20&15]) + "..."
}

// kinds are those that are implemented, the most wanted first.
var kinds = [...]Kind{DES_192_EDE3_CBC, RC4_128}

// keyLen is the length of the master key and of each direction's key, in bytes.
func (k Kind) keyLen() int {
	switch k {
	case RC4_128:
		return 16
	case DES_192_EDE3_CBC:
		return 24
	}
	return 0
}

// argLen is the length of KEY-ARG, the initialization vector, in bytes.
func (k Kind) argLen() int {
	if k == DES_192_EDE3_CBC {
		return des.BlockSize
	}
	return 0
}

// Suite gives the kind the form of a cipher suite, for records and sessions: a
// value that is reserved for private use.
func (k Kind) Suite() iana.Suite { return 0xff00 | iana.Suite(k>>16) }

// KindOf is the reverse of Suite, 0 if the suite is none of SSL 2.0.
func KindOf(s iana.Suite) Kind {
	for _, k := range kinds {
		if k.Suite() == s {
			return k
		}
	}
	return 0
}

// material gives the key material: n bytes of MD5 of the master key, a digit,
// the challenge and the connection ID.
func material(n int, master, challenge, id []byte) []byte {
	var out []byte
	for digit := byte('0'); len(out) < n; digit++ {
		h := md5.New()
		h.Write(master)
		h.Write([]byte{digit})
		h.Write(challenge)
		h.Write(id)
		out = h.Sum(out)
	}
	return out[:n]
}

// direction protects or opens the records of one direction.
type direction struct {
	key    []byte // nil: in the clear
	stream cipher.Stream
	block  cipher.BlockMode
	seq    uint32 // counts all records, those in the clear, too
}

func newDirection(k Kind, key, arg []byte, opens bool) (d direction, err error) {
	d.key = bytes.Clone(key) // the handshake wipes its own
	if k == RC4_128 {
		d.stream, err = rc4.NewCipher(key)
	} else {
		var b cipher.Block
		if b, err = des.NewTripleDESCipher(key); err == nil && opens {
			d.block = cipher.NewCBCDecrypter(b, arg)
		} else if err == nil {
			d.block = cipher.NewCBCEncrypter(b, arg)
		}
	}
	if err != nil {
		err = fault.With(fault.Internal, "SSL 2.0 keys: %w", err)
	}
	return d, err
}
