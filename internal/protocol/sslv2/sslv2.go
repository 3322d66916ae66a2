// Package sslv2 is SSL 2.0, in a corner of its own: K. Hickman, "The SSL
// Protocol" (1995). It is broken: one key both encrypts and authenticates, with
// MD5, nothing protects the choice of the cipher, nothing tells the end of the
// data from a cut, and a server that speaks it endangers every other use of its
// key (DROWN, CVE-2016-0800). It is here for those who have to find out who
// still speaks it, and is spoken only where a setting names it; a server with
// that setting speaks nothing else.
//
// Of its cipher kinds 3DES and RC4 with 128 bits are spoken. Those whose keys are
// found by trying are spoken only where they are named: DES, RC4 with 64 bits,
// and RC4 with 40 secret bits, for export. The latter is the worst: a server that
// speaks it answers anybody who has a recorded message of RSA and 2^40 tries.
// RC2 and IDEA are missing, because no library that is looked after has them:
// that of RC2 in golang.org/x/crypto is an internal package of pkcs12.
package sslv2

import (
	"bytes"
	"crypto/cipher"
	"crypto/des"
	"crypto/md5"
	"crypto/rc4"
	"slices"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// A Kind is a CIPHER-KIND: three bytes.
type Kind uint32

// The kinds that are implemented. RC4_64 is not in the draft, but was in
// OpenSSL.
const (
	RC4_128          Kind = 0x010080
	RC4_128_EXPORT40 Kind = 0x020080
	DES_64_CBC       Kind = 0x060040
	DES_192_EDE3_CBC Kind = 0x0700c0
	RC4_64           Kind = 0x080080
)

// A cipherKind is what there is to know of a kind. Lengths are in bytes.
type cipherKind struct {
	kind   Kind
	key    int // of the master key and of each direction's key
	secret int // of the part of the master key that is encrypted; what is before it goes in the clear
	weak   bool
	block  func(key []byte) (cipher.Block, error) // nil: RC4
}

// kinds are those that are implemented, the most wanted first.
var kinds = [...]cipherKind{
	{kind: DES_192_EDE3_CBC, key: 24, secret: 24, block: des.NewTripleDESCipher},
	{kind: RC4_128, key: 16, secret: 16},
	{kind: RC4_64, key: 16, secret: 8, weak: true},
	{kind: DES_64_CBC, key: 8, secret: 8, weak: true, block: des.NewCipher},
	{kind: RC4_128_EXPORT40, key: 16, secret: 5, weak: true},
}

// argLen is the length of KEY-ARG, the initialization vector, in bytes.
func (c cipherKind) argLen() int {
	if c.block == nil {
		return 0
	}
	return des.BlockSize
}

// Suite gives the kind the form of a cipher suite, for policies, records and
// sessions: a value that is reserved for private use.
func (k Kind) Suite() iana.Suite { return 0xff00 | iana.Suite(k>>16) }

func (k Kind) String() string { return k.Suite().String() }

// KindOf is the reverse of Suite, 0 if the suite is none of SSL 2.0.
func KindOf(s iana.Suite) Kind {
	for _, c := range kinds {
		if c.kind.Suite() == s {
			return c.kind
		}
	}
	return 0
}

// allowed gives the kinds among the suites, the most wanted first. If there are
// none, those that are not weak are allowed.
func allowed(suites []iana.Suite) []cipherKind {
	named := slices.DeleteFunc(slices.Clone(kinds[:]), func(c cipherKind) bool { return !slices.Contains(suites, c.kind.Suite()) })
	if len(named) > 0 {
		return named
	}
	return slices.DeleteFunc(slices.Clone(kinds[:]), func(c cipherKind) bool { return c.weak })
}

// specs gives the kinds as they are in a message.
func specs(list []cipherKind) (b []byte) {
	for _, c := range list {
		b = append(b, byte(c.kind>>16), byte(c.kind>>8), byte(c.kind))
	}
	return b
}

// shared gives those of the kinds that are in a message, and the reason for the
// others to the log.
func (c *common) shared(specs []byte) (list []cipherKind) {
	for _, k := range c.kinds {
		if hasKind(specs, k.kind) {
			list = append(list, k)
		} else {
			c.Log.Refused(trace.Suite, uint16(k.kind.Suite()), trace.NotOffered)
		}
	}
	return list
}

// find gives what there is to know of a kind, if it is in the list.
func find(list []cipherKind, k Kind) (c cipherKind, ok bool) {
	i := slices.IndexFunc(list, func(c cipherKind) bool { return c.kind == k })
	if i < 0 {
		return c, false
	}
	return list[i], true
}

// has reports whether a suite is in the list.
func has(list []cipherKind, id iana.Suite) bool {
	return slices.ContainsFunc(list, func(c cipherKind) bool { return c.kind.Suite() == id })
}

func hasKind(specs []byte, k Kind) bool {
	for ; len(specs) >= 3; specs = specs[3:] {
		if Kind(specs[0])<<16|Kind(specs[1])<<8|Kind(specs[2]) == k {
			return true
		}
	}
	return false
}

// material gives the key material: n bytes of MD5 of the master key, a digit,
// the challenge and the connection ID. The draft leaves out the digit where one
// block is enough, as for DES; what was deployed has it (OpenSSL), and so have we.
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

func newDirection(c cipherKind, key, arg []byte, opens bool) (d direction, err error) {
	d.key = bytes.Clone(key) // the handshake wipes its own
	if c.block == nil {
		d.stream, err = rc4.NewCipher(key)
	} else {
		var b cipher.Block
		if b, err = c.block(key); err == nil && opens {
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
